"""Images a second and memory of one backend; meant for a process of its own."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reid_core.embedder import CheckpointEmbedder
from reid_core.exporting.samples import synthetic_people
from reid_eval.acceleration import AcceleratedEmbedder, Backend, accelerate

__all__ = ["Speed", "measure_speed", "resident"]

_PASSES, _MIB = 3, 2**20
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Speed:
    """One backend with one batch size.

    Attributes:
        backend: what runs the network.
        precision: in what it computes.
        batch_size: images at once.
        images_per_second: median over passes.
        milliseconds: of one batch.
        memory: peak MiB while it embeds, network included and libraries not; of the GPU where the
            network is on one; none where the system does not say.
    """

    backend: str
    precision: str
    batch_size: int
    images_per_second: float
    milliseconds: float
    memory: float | None


def measure_speed(
    load: Callable[[], CheckpointEmbedder],
    *,
    backend: Backend = "torch",
    batch_sizes: Sequence[int] = (1, 32),
    seconds: float = 2.0,
) -> list[Speed]:
    """Embed random images for a while with each batch size.

    Args:
        load: gives the network.
        backend: what shall run it; others than torch must agree with it.
        batch_sizes: images at once.
        seconds: of each measurement, at least; three passes in any case.

    Raises:
        ValueError: the backend is not installed, or does not agree with torch on synthetic people.
    """
    before = resident()
    embedder = load()
    cuda = embedder.device.type == "cuda"
    found: list[Speed] = []
    for size in sorted(batch_sizes):
        # A compiled network is compiled for one batch size, so each gets its own.
        sample = synthetic_people(embedder.image_size, seed=0, count=max(2, size))
        run = accelerate(embedder, sample, images=len(sample), backend=backend)
        batch = sample[:size].to(embedder.device)
        passes, memory = _measure(run, batch, seconds=seconds, before=before, cuda=cuda)
        middle = statistics.median(passes)
        precision = run.facts["precision"] if isinstance(run, AcceleratedEmbedder) else "fp32"
        found.append(Speed(backend, precision, size, size / middle, 1e3 * middle, memory))
        del run
        gc.collect()
    return found


def resident(*, peak: bool = False) -> float | None:
    """MiB of memory that this process holds, or has held at most; None where nobody says."""
    if not _STATUS.is_file():
        return None
    wanted = "VmHWM:" if peak else "VmRSS:"
    lines = _STATUS.read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(wanted)), None)


def _measure(
    run: Callable[[Tensor], Tensor],
    batch: Tensor,
    *,
    seconds: float,
    before: float | None,
    cuda: bool,
) -> tuple[list[float], float | None]:
    """Seconds of each pass, and peak MiB during them."""
    run(batch)
    _forget_peak(cuda)
    passes: list[float] = []
    while len(passes) < _PASSES or sum(passes) < seconds:
        started = time.perf_counter()
        run(batch)
        if cuda:
            torch.cuda.synchronize()
        passes.append(time.perf_counter() - started)
    if cuda:
        return passes, torch.cuda.max_memory_allocated() / _MIB
    peak = resident(peak=True)
    return passes, None if peak is None or before is None else max(0.0, peak - before)


def _forget_peak(cuda: bool) -> None:
    if cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    elif _CLEAR.exists():
        try:
            _CLEAR.write_text("5")
        except OSError:  # some containers forbid it; the peak is then that of the loading, too
            return
