"""Which identities to take, and which of their images ask: the arithmetic behind `Records`."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

__all__ = ["chosen", "drawn", "fold_numbers", "held_out", "queries"]

Mask = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.int64]


def held_out(pids: Ids, *, fraction: float, seed: int) -> Mask:
    """Mark all images of a random share of the identities.

    Args:
        pids: identities, ``(N,)``.
        fraction: share of identities to mark, between 0 and 1.
        seed: which identities.

    Returns:
        A mask ``(N,)``.

    Raises:
        ValueError: the fraction is not between 0 and 1, or there are fewer than two identities.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction of identities must be between 0 and 1, came {fraction}")
    identities, rows = np.unique(pids, return_inverse=True)
    if len(identities) < 2:
        raise ValueError(f"holding out identities needs at least two, came {len(identities)}")
    count = min(max(round(fraction * len(identities)), 1), len(identities) - 1)
    chosen = np.zeros(len(identities), dtype=bool)
    chosen[np.random.default_rng(seed).permutation(len(identities))[:count]] = True
    return np.asarray(chosen[rows.reshape(-1)], dtype=bool)


def chosen(ids: Ids, wanted: Collection[int], *, what: str) -> Mask:
    """Mark all images of some identities, or of some cameras.

    Args:
        ids: identities or cameras, ``(N,)``.
        wanted: which ones.
        what: they are, for people.

    Returns:
        A mask ``(N,)``.

    Raises:
        ValueError: one of them is not there, or none is wanted.
    """
    missing = sorted(set(wanted) - set(ids.tolist()))
    if missing or not wanted:
        raise ValueError(
            f"{len(missing)} of {len(wanted)} {what}s asked for are not there"
            + (f", first {missing[0]}" if missing else "")
        )
    return np.isin(ids, list(wanted))


def drawn(pids: Ids, *, count: int, seed: int) -> Mask:
    """Mark all images of so many identities, drawn at random.

    Args:
        pids: identities, ``(N,)``.
        count: how many identities.
        seed: which ones.

    Returns:
        A mask ``(N,)``.

    Raises:
        ValueError: there are not so many identities.
    """
    people, rows = np.unique(pids, return_inverse=True)
    if not 1 <= count <= len(people):
        raise ValueError(f"cannot draw {count} identities; there are {len(people)}")
    chosen = np.zeros(len(people), dtype=bool)
    chosen[np.random.default_rng(seed).permutation(len(people))[:count]] = True
    return np.asarray(chosen[rows.reshape(-1)], dtype=bool)


def fold_numbers(pids: Ids, *, count: int, seed: int) -> Ids:
    """Deal the identities out to folds, whose sizes differ by one identity at most.

    Args:
        pids: identities, ``(N,)``.
        count: how many folds.
        seed: who goes where.

    Returns:
        The fold of each image, 0 .. count-1, ``(N,)``.

    Raises:
        ValueError: there are fewer than two folds, or fewer identities than folds.
    """
    people, rows = np.unique(pids, return_inverse=True)
    if not 2 <= count <= len(people):
        raise ValueError(
            f"cannot deal {len(people)} identities to {count} folds; take 2 folds or more, each of "
            "which needs an identity"
        )
    fold = np.empty(len(people), dtype=np.int64)
    fold[np.random.default_rng(seed).permutation(len(people))] = np.arange(len(people)) % count
    return fold[rows.reshape(-1)]


def queries(pids: Ids, camids: Ids, *, eligible: Mask, seed: int) -> Mask:
    """Mark one image per (pid, camera) that will find its person again in what is left.

    A query needs an unmarked image of its person from another camera. Two groups of an identity
    that keep an image each serve all its queries; where there is only one such group, one image of
    another camera stays unmarked to answer it. Unknown cameras (-1) differ from each other, so a
    group of them answers itself.

    Args:
        pids: identities, ``(N,)``.
        camids: cameras, ``(N,)``, -1 for unknown.
        eligible: the images that may be used at all, ``(N,)``.
        seed: which images.

    Returns:
        A mask ``(N,)``.
    """
    marked = np.zeros(len(pids), dtype=bool)
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(eligible))
    if not len(rows):
        return marked
    pairs = np.stack([pids[rows], camids[rows]], axis=1)
    # Groups come sorted by pid; `first` points at a random image of each, for rows are shuffled.
    groups, first, sizes = np.unique(pairs, axis=0, return_index=True, return_counts=True)
    person = np.unique(groups[:, 0], return_inverse=True)[1].reshape(-1)
    keeps_one = sizes > 1
    answers = np.bincount(person, keeps_one * np.where(groups[:, 1] == -1, 2, 1))
    cameras = np.bincount(person)
    asks = np.where(answers[person] > 1, True, cameras[person] > 1)
    # Where fewer than two groups keep an image, the first lone one found stays to answer.
    short = np.flatnonzero((answers[person] < 2) & ~keeps_one)
    lone = short[np.argsort(first[short], kind="stable")]
    asks[lone[np.unique(person[lone], return_index=True)[1]]] = False
    marked[rows[first[asks]]] = True
    return marked
