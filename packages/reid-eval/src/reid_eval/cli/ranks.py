"""Which process of how many this is, when torchrun started it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Ranks", "joined"]


@dataclass(frozen=True)
class Ranks:
    """This process among all.

    Attributes:
        rank: its number.
        world_size: how many there are.
        device: what ``--device`` means here; each process of a machine gets a GPU of its own.
        wait_for_all: returns when all have called it.
    """

    rank: int
    world_size: int
    device: str
    wait_for_all: Callable[[], object]


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the other processes, if torchrun (or whatever sets its variables) started several."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Ranks(0, 1, device, lambda: None)
        return
    import torch
    from torch import distributed

    if device == "cuda" or (device == "auto" and torch.cuda.is_available()):
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    # Nothing but barriers is exchanged, which gloo does on any machine.
    distributed.init_process_group("gloo")
    try:
        yield Ranks(distributed.get_rank(), size, device, distributed.barrier)
    finally:
        distributed.destroy_process_group()
