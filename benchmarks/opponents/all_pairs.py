"""Near duplicates by comparing every hash with every later one, as one begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["all_pairs"]


def all_pairs(hashes: npt.NDArray[np.uint64], distance: int) -> npt.NDArray[np.int64]:
    """The pairs of 64-bit hashes with at most ``distance`` different bits, in order, ``(P, 2)``."""
    found = []
    for first, value in enumerate(hashes):
        near = np.bitwise_count(hashes[first + 1 :] ^ value) <= distance
        later = np.flatnonzero(near) + first + 1
        found.append(np.stack([np.full(len(later), first), later], axis=1))
    return np.concatenate(found).astype(np.int64)
