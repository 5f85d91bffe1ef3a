"""Cross-fitting: extractor, GCN and purified images never share an identity.

A re-ID network puts the identities that it was trained on close together, so links between their
images are trivial and a purifier that learns from them learns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reid_data.carving import fold_numbers

__all__ = ["CrossFit", "cross_fit", "parse_fold"]


@dataclass(frozen=True, eq=False)
class CrossFit:
    """One turn of the cross-fitting.

    Attributes:
        target: identities whose generated images are judged.
        gcn: identities that the GCN learns from.
        extractor: identities that the re-ID network learns from.
    """

    target: NDArray[np.int64]
    gcn: NDArray[np.int64]
    extractor: NDArray[np.int64]

    def __post_init__(self) -> None:
        everyone = np.concatenate([self.target, self.gcn, self.extractor])
        if len(np.unique(everyone)) != len(everyone):
            raise ValueError("the identities of target, GCN and extractor must not overlap")


def cross_fit(pids: ArrayLike, *, count: int = 3, seed: int = 0) -> list[CrossFit]:
    """Turns in which each identity is a target once, judged by what never saw it.

    In turn ``t`` fold ``t`` is the target, the next fold teaches the GCN, all others the extractor.

    Args:
        pids: (N,) identities of images; negative ones are nobody's.
        count: folds, three or more.
        seed: who is in which.

    Raises:
        ValueError: fewer than three folds, or fewer identities than folds.

    Examples:
        >>> turns = cross_fit([1, 1, 2, 3], seed=0)
        >>> sorted(int(turn.target[0]) for turn in turns)
        [1, 2, 3]
    """
    if count < 3:
        raise ValueError(
            f"cross-fitting needs 3 folds or more (target, GCN, extractor), came {count}"
        )
    people = np.unique(np.asarray(pids, np.int64))
    people = people[people >= 0]
    numbers = fold_numbers(people, count=count, seed=seed)
    turns = []
    for turn in range(count):
        target, gcn = numbers == turn, numbers == (turn + 1) % count
        turns.append(CrossFit(people[target], people[gcn], people[~target & ~gcn]))
    return turns


def parse_fold(text: str) -> tuple[int, int]:
    """Read ``1/3``: turn 1 (of 1, 2, 3) as a number from 0, and how many there are.

    Raises:
        ValueError: it is no such fraction.

    Examples:
        >>> parse_fold("1/3")
        (0, 3)
    """
    turn, slash, count = text.partition("/")
    if not (slash and turn.isdecimal() and count.isdecimal() and 1 <= int(turn) <= int(count)):
        raise ValueError(f"a fold is written like 1/3, came {text!r}")
    return int(turn) - 1, int(count)
