"""Is a person in another pose farther away than in the same one, and how does that compare?

A model that confuses poses with people puts another person in the same pose nearer than the same
person in another pose. Four kinds of pairs tell: same or other pose, of the same or another person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn import functional as F

from reid_eval.embeddings import Embeddings
from reid_eval.metrics import CameraFilter, Metric
from reid_eval.metrics.options import check_option

__all__ = ["PairKind", "PoseDistances", "pose_distances"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_KINDS = ((True, True), (True, False), (False, True), (False, False))
_ROWS = 512


@dataclass(frozen=True, eq=False)
class PairKind:
    """The distances of all pairs of one kind.

    Attributes:
        same_person: the two images show one person.
        same_pose: their poses are in one cluster.
        distances: of the pairs, ascending (N,).
    """

    same_person: bool
    same_pose: bool
    distances: _Floats

    @property
    def name(self) -> str:
        """For tables, such as ``same person, other pose``."""
        who = "same person" if self.same_person else "other people"
        return f"{who}, {'same' if self.same_pose else 'other'} pose"

    @property
    def mean(self) -> float:
        """Mean distance; NaN where there is no pair."""
        return float(self.distances.mean()) if len(self.distances) else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Plain values; figures of no pairs are None."""
        found = self.distances
        known = len(found) > 0
        return {
            "same_person": self.same_person,
            "same_pose": self.same_pose,
            "pairs": len(found),
            "mean": self.mean if known else None,
            "deviation": float(found.std()) if known else None,
            "quartiles": np.quantile(found, [0.25, 0.5, 0.75]).tolist() if known else None,
        }


@dataclass(frozen=True, eq=False)
class PoseDistances:
    """Distances by pose and person.

    Attributes:
        metric: what a distance is: ``cosine`` (1 - cosine, 0 to 2) or ``euclidean``.
        kinds: same person same pose, same person other pose, and the same of other people.
        without_pose: images that were left out, on both sides, for want of a pose.
    """

    metric: Metric
    kinds: tuple[PairKind, ...]
    without_pose: int

    @property
    def pose_gap(self) -> float:
        """How much farther a person in another pose is than in the same: a difference of means."""
        return self.kinds[1].mean - self.kinds[0].mean

    @property
    def identity_gap(self) -> float:
        """How much farther others in the same pose are than the person in another pose.

        Negative where the pose tells more than the person.
        """
        return self.kinds[2].mean - self.kinds[1].mean

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        gaps = {"pose_gap": self.pose_gap, "identity_gap": self.identity_gap}
        return {
            "metric": self.metric,
            "kinds": [kind.to_dict() for kind in self.kinds],
            **{name: None if np.isnan(gap) else gap for name, gap in gaps.items()},
            "without_pose": self.without_pose,
        }


def pose_distances(
    query: Embeddings,
    gallery: Embeddings,
    query_poses: ArrayLike,
    gallery_poses: ArrayLike,
    *,
    metric: Metric = "cosine",
    camera_filter: CameraFilter = "cross-camera",
    most_pairs: int = 1 << 23,
    seed: int = 0,
) -> PoseDistances:
    """Distances of pairs of a query and a gallery image, by whether person and pose are the same.

    Junk (pid -1), images without a pose and pairs of an image with itself are left out; of too many
    pairs a random part of the queries is taken.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        query_poses: cluster of each query (Q,), 0 for none.
        gallery_poses: cluster of each gallery image (G,), 0 for none, by the same clustering.
        metric: ``"cosine"`` or ``"euclidean"``.
        camera_filter: ``"cross-camera"`` leaves out what the query's camera saw of its person.
        most_pairs: how many pairs to look at.
        seed: which queries, where all would be too many.

    Raises:
        ValueError: a side has another number of poses than images, or none of them has a pose.
    """
    check_option("metric", metric, Metric)
    check_option("camera_filter", camera_filter, CameraFilter)
    sides = tuple(
        _with_poses(*each)
        for each in ((query, query_poses, "query"), (gallery, gallery_poses, "gallery"))
    )
    without = len(query) + len(gallery) - sum(len(rows) for rows, _ in sides)
    (rows, own), (columns, others) = sides
    most = max(1, most_pairs // len(columns))
    if len(rows) > most:
        drawn = np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))
        rows, own = rows[drawn], own[drawn]
    asked, searched = query.take(rows), gallery.take(columns)
    found: dict[tuple[bool, bool], list[_Floats]] = {kind: [] for kind in _KINDS}
    for part, distances in _blocks(asked, searched, metric):
        person = asked.pids[part, None] == searched.pids
        pose = own[part, None] == others
        counts = _counts(asked, searched, part, person, camera_filter)
        for same_person, same_pose in _KINDS:
            chosen = counts & (person == same_person) & (pose == same_pose)
            found[same_person, same_pose].append(distances[chosen])
    kinds = tuple(PairKind(*kind, np.sort(np.concatenate(found[kind]))) for kind in _KINDS)
    return PoseDistances(metric, kinds, without)


def _with_poses(side: Embeddings, poses: ArrayLike, name: str) -> tuple[_Ints, _Ints]:
    """Rows that have a pose and are no junk, and their poses."""
    labels = np.asarray(poses, np.int64)
    if labels.shape != (len(side),):
        raise ValueError(
            f"expected a pose for each of {len(side)} {name} images, got {labels.shape}"
        )
    rows = np.flatnonzero((labels > 0) & (side.pids != -1)).astype(np.int64)
    if not len(rows):
        raise ValueError(f"no {name} image has a pose; `reid-data poses` makes a table of them")
    return rows, labels[rows]


def _blocks(
    query: Embeddings, gallery: Embeddings, metric: Metric
) -> Iterator[tuple[slice, _Floats]]:
    """Distances (R, G) of some queries at a time."""
    asked, searched = (
        torch.from_numpy(np.array(side.features, np.float32)) for side in (query, gallery)
    )
    if metric == "cosine":
        asked, searched = F.normalize(asked, dim=1), F.normalize(searched, dim=1)
    for start in range(0, len(asked), _ROWS):
        part = slice(start, min(start + _ROWS, len(asked)))
        block = asked[part]
        values = 1 - block @ searched.T if metric == "cosine" else torch.cdist(block, searched)
        yield part, values.double().numpy()


def _counts(
    query: Embeddings,
    gallery: Embeddings,
    part: slice,
    person: NDArray[np.bool_],
    kind: CameraFilter,
) -> NDArray[np.bool_]:
    """Pairs that count: no image with itself, and no two of one person by one camera."""
    names, others = (side.table["path"].to_numpy(dtype=str) for side in (query, gallery))
    left_out = names[part, None] == others
    if kind == "cross-camera":
        camera = query.camids[part, None] == gallery.camids
        left_out |= person & camera & (gallery.camids >= 0)
    return np.asarray(~left_out)
