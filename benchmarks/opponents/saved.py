"""What the opponents of ../evaluation.py share: the saved features, memory, and the answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor


def load(folder: Path) -> dict[str, Tensor]:
    """Features and labels, as ../evaluation.py saved them."""
    arrays = {side: np.load(folder / f"{side}.npy") for side in ("query", "gallery")}
    arrays |= np.load(folder / "labels.npz")
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def memory(field: str) -> int:
    """Bytes, from the kernel's account of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))


def measure(evaluate: Callable[[], dict[str, Any]]) -> None:
    """Print what an evaluation returns, its time and its memory above what was loaded, as JSON."""
    before, start = memory("VmRSS"), time.perf_counter()
    result = evaluate()
    wall = time.perf_counter() - start
    print(json.dumps({**result, "wall": wall, "extra": memory("VmHWM") - before}))
