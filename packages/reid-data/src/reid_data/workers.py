"""How many loader processes, and how far ahead they work: decided from measured costs.

torch is imported where it is needed: command lines name a number of workers before that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Literal

__all__ = [
    "WorkerCount",
    "choose_workers",
    "count_threads",
    "one_thread",
    "parse_workers",
    "prefetched_batches",
    "usable_cores",
]

WorkerCount = int | Literal["auto"]
"""Loader processes; ``"auto"`` decides by `choose_workers`."""

_MOST = 16
# Measured: the first process costs 0.14 s of a core, each further one 0.05 s, to be forked, hand
# over its batches and end. For less than a second of loading that is more than it can bring.
_WORTH_A_PROCESS = 1.0
# Images a second that a network on the fastest of devices takes; more loading brings nothing.
_FASTEST_CONSUMER = 8000.0
_PREFETCHED_BYTES = 256 << 20
_FEWEST, _DEEPEST = 2, 8


def usable_cores() -> int:
    """Cores that this process may use: of its affinity, and not more than its group's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(min(cores or 1, int(quota) // int(period)), 1)
    except (OSError, ValueError):  # no such system, or the quota is "max"
        return cores or 1


def parse_workers(text: str) -> WorkerCount:
    """``"auto"``, or a number of processes.

    Raises:
        ValueError: the text is neither.

    Examples:
        >>> parse_workers("auto"), parse_workers("4")
        ('auto', 4)
    """
    if text == "auto":
        return "auto"
    if not text.isdecimal():
        raise ValueError(f"expected auto, or a number of loader processes, not {text!r}")
    return int(text)


def count_threads(workers: WorkerCount) -> int:
    """Threads for work that is not handed to processes: as many, or one a core."""
    return usable_cores() if workers == "auto" else workers


def choose_workers(images: int, seconds_per_image: float, *, cores: int | None = None) -> int:
    """Loader processes that bring more than they cost.

    None where loading everything in the process itself takes less than a second. Otherwise as many
    as the fastest consumer needs, and one core is left to the process that consumes.

    Args:
        images: how many will be loaded, over all epochs that the processes live.
        seconds_per_image: of one core, as measured on some of them.
        cores: of the machine; `usable_cores` if not given.

    Examples:
        >>> choose_workers(1000, 1e-4, cores=8), choose_workers(10**6, 1e-4, cores=8)
        (0, 1)
        >>> choose_workers(10**6, 5e-3, cores=8), choose_workers(10**6, 5e-3, cores=1)
        (7, 0)
    """
    if images * seconds_per_image < _WORTH_A_PROCESS:
        return 0
    spare = (usable_cores() if cores is None else cores) - 1
    return max(min(spare, ceil(_FASTEST_CONSUMER * seconds_per_image), _MOST), 0)


def prefetched_batches(batch_bytes: int, workers: int) -> int | None:
    """Batches that each process prepares ahead: what 256 MiB hold, from 2 to 8.

    Examples:
        >>> prefetched_batches(64 * 256 * 128 * 3, workers=4)
        8
        >>> prefetched_batches(512 * 256 * 128 * 3, workers=4)
        2
    """
    if not workers:
        return None
    return min(max(_PREFETCHED_BYTES // (batch_bytes * workers), _FEWEST), _DEEPEST)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch work in the calling thread only, and set its number of threads back.

    For single images: they are too small to share, and where other processes hold the cores
    OpenMP's threads wait for each other longer than the work takes.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
