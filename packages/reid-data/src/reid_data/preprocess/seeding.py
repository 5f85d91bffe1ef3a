"""One random stream for each image, whatever the order, the subset or the number of workers."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["generator_for"]


def generator_for(seed: int, key: str | int) -> np.random.Generator:
    """The generator of one image, tracklet or slot.

    Args:
        seed: of the whole, at least 0.
        key: what it is for, for example a path relative to the root.

    Examples:
        >>> first, again = (generator_for(1, "train/a.jpg").random() for _ in range(2))
        >>> first == again, first == generator_for(1, "train/b.jpg").random()
        (True, False)
    """
    digest = hashlib.blake2b(str(key).encode(), digest_size=16).digest()
    words = tuple(int(word) for word in np.frombuffer(digest, dtype="<u4"))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=words))
