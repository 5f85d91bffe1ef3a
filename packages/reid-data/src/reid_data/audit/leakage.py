"""What the test side has in common with the training side, or with itself under another name."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reid_data.audit.duplicates import correlations, equal_pairs, near_pairs
from reid_data.audit.hashes import Looks
from reid_data.audit.labels import is_test
from reid_data.records import Ids, Records

__all__ = ["Duplicate", "duplicates", "shared_identities"]

_LOG = logging.getLogger(__name__)

_MOST = 1_000_000  # near pairs, before the pictures confirm them
_BLANK = 4.0  # standard deviation of grey, of 255, below which a picture shows nothing


@dataclass(frozen=True)
class Duplicate:
    """Two images that are the same picture, or nearly so.

    Attributes:
        kind: ``"exact"`` for equal pixels, ``"near"`` otherwise.
        first: path of one, relative to the root.
        second: path of the other.
        first_split: split of the first.
        second_split: split of the second.
        first_pid: identity of the first.
        second_pid: identity of the second.
        distance: bits in which the perceptual hashes differ.
        correlation: of the tiny colour pictures.
        across: whether one is on the training side and the other on the test side.
        conflicting: whether they are said to show different people.
    """

    kind: Literal["exact", "near"]
    first: str
    second: str
    first_split: str
    second_split: str
    first_pid: int
    second_pid: int
    distance: int
    correlation: float
    across: bool
    conflicting: bool


def shared_identities(records: Records) -> list[int]:
    """Identities with images both in train or val and in query or gallery, ascending.

    Distractors and junk are nobody. Data sets that number the people of train and test each from 1
    on share numbers but no people; their pictures tell.
    """
    splits, pids = records.table["split"], records.pids
    trained = pids[splits.isin(("train", "val")).to_numpy(dtype=bool)]
    tested = pids[splits.isin(("query", "gallery")).to_numpy(dtype=bool)]
    return [int(pid) for pid in np.intersect1d(trained, tested)]


def duplicates(
    records: Records, looks: Looks, *, max_distance: int = 6, min_correlation: float = 0.95
) -> list[Duplicate]:
    """Find equal and nearly equal pictures that must not be: across the sides, or two people.

    Copies of one identity within one side are normal (frames of one walk) and not looked for.
    Neither are near duplicates of pictures that show nothing.

    Args:
        records: the images.
        looks: what `look_at_all` saw of them.
        max_distance: bits of the perceptual hash that may differ.
        min_correlation: what the tiny colour pictures of a near pair must reach; the hash only
            proposes.

    Returns:
        Exact ones before near ones, across the sides before within one.
    """
    groups = _groups(records)[looks.rows]
    exact = equal_pairs(looks.digests, groups=groups)
    found = _described(records, looks, exact, kind="exact")
    # One of each set of equal pictures stands for all of them in its group.
    _, representatives = np.unique(
        np.stack([looks.digests, groups.astype(np.uint64)], axis=1), axis=0, return_index=True
    )
    shown = np.sort(representatives[looks.contrast[representatives] >= _BLANK])
    pairs, _ = near_pairs(
        looks.hashes[shown], max_distance=max_distance, groups=groups[shown], limit=_MOST
    )
    if len(pairs) >= _MOST:
        _LOG.warning("more than %d pairs look alike; looked no further: lower the distance", _MOST)
    near = shown[pairs]
    near = near[looks.digests[near[:, 0]] != looks.digests[near[:, 1]]]
    near = near[correlations(looks.thumbnails, near) >= min_correlation]
    found += _described(records, looks, near, kind="near")
    return sorted(
        (item for item in found if item.across or item.conflicting),
        key=lambda item: (item.kind != "exact", not item.across, item.distance, -item.correlation),
    )


def _groups(records: Records) -> Ids:
    """One number for each (side, identity); within one, copies are normal."""
    keys = np.stack([is_test(records).astype(np.int64), records.pids], axis=1)
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _described(
    records: Records, looks: Looks, pairs: Ids, *, kind: Literal["exact", "near"]
) -> list[Duplicate]:
    splits = records.table["split"].to_numpy(dtype=object)
    paths = records.table["path"].to_numpy(dtype=object)
    pids, test = records.pids, is_test(records)
    alike = correlations(looks.thumbnails, pairs)
    found: list[Duplicate] = []
    for (one, other), correlation in zip(pairs.tolist(), alike.tolist(), strict=True):
        first, second = int(looks.rows[one]), int(looks.rows[other])
        somebody = not {splits[first], splits[second]} & {"distractor", "junk"}
        across = bool(test[first] != test[second])
        found.append(
            Duplicate(
                kind=kind,
                first=str(paths[first]),
                second=str(paths[second]),
                first_split=str(splits[first]),
                second_split=str(splits[second]),
                first_pid=int(pids[first]),
                second_pid=int(pids[second]),
                distance=int(looks.hashes[one] ^ looks.hashes[other]).bit_count(),
                correlation=round(correlation, 4),
                across=across,
                conflicting=bool(not across and somebody and pids[first] != pids[second]),
            )
        )
    return found
