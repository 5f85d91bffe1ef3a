"""Random divisions of a data set: the same seed and split divide alike, wherever they are drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["draw_identities", "draw_one_each"]


def draw_identities(
    pids: npt.ArrayLike, count: int, *, seed: int, split: int
) -> npt.NDArray[np.int64]:
    """Draw some of the identities.

    Args:
        pids: the identities, ``(N,)``; an identity may occur several times.
        count: how many to draw.
        seed: a series of draws.
        split: which draw of the series.

    Returns:
        Identities, ``(count,)``, sorted.

    Raises:
        ValueError: there are not more identities than are to be drawn, or the seed or split is
            negative.
    """
    people = np.unique(np.asarray(pids, dtype=np.int64))
    if not 0 < count < len(people):
        raise ValueError(
            f"cannot draw {count} of {len(people)} identities and leave some; "
            "some images are missing, or this is another data set"
        )
    return np.sort(_generator(seed, split).permutation(people)[:count])


def draw_one_each(pids: npt.ArrayLike, *, seed: int, split: int) -> npt.NDArray[np.bool_]:
    """Draw one image of each identity.

    Args:
        pids: the identity of each image, ``(N,)``.
        seed: a series of draws.
        split: which draw of the series.

    Returns:
        Which images were drawn, ``(N,)``.

    Raises:
        ValueError: the seed or split is negative.
    """
    owners = np.asarray(pids, dtype=np.int64)
    order = _generator(seed, split).permutation(len(owners))
    drawn = np.zeros(len(owners), dtype=bool)
    drawn[order[np.unique(owners[order], return_index=True)[1]]] = True
    return drawn


def _generator(seed: int, split: int) -> np.random.Generator:
    if seed < 0 or split < 0:
        raise ValueError(f"seed and split must be 0 or more, came {seed} and {split}")
    return np.random.default_rng((seed, split))
