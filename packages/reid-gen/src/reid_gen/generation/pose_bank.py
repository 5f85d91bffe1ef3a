"""Poses to draw people in, sorted into kinds so that each kind gets its turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reid_data.records import Ids
from reid_gen.generation.posed import PosedImages

__all__ = ["PoseBank", "build_pose_bank"]


@dataclass(frozen=True, eq=False)
class PoseBank:
    """Poses and their clusters.

    Attributes:
        names: where each was seen.
        joints: (N, 18, 2) float32 on the canvas, NaN where missing.
        clusters: (N,) int64, from 0.
    """

    names: tuple[str, ...]
    joints: npt.NDArray[np.float32]
    clusters: Ids

    def __len__(self) -> int:
        return len(self.names)

    def draw(self, count: int, *, generator: np.random.Generator) -> Ids:
        """Random poses, each cluster as often as every other, or once less.

        Args:
            count: how many.
            generator: of the choice.

        Returns:
            Rows (count,) int64; one comes twice only where its cluster has no others left.
        """
        kinds = np.unique(self.clusters)
        rounds = [generator.permutation(kinds) for _ in range(-(-count // len(kinds)))]
        order = np.concatenate(rounds)[:count]
        members = {kind: generator.permutation(np.flatnonzero(self.clusters == kind)) for kind in
                   np.unique(order)}  # fmt: skip
        turns = dict.fromkeys(members, 0)
        rows = np.empty(count, dtype=np.int64)
        for slot, kind in enumerate(order):
            rows[slot] = members[kind][turns[kind] % len(members[kind])]
            turns[kind] += 1
        return rows


def build_pose_bank(images: PosedImages, *, clusters: int = 8, seed: int = 0) -> PoseBank:
    """Cluster the poses of images that show shoulders and hips.

    KMeans compares joints on the canvas, relative to the middle of the body; a joint that was not
    found counts as where it is on average.

    Args:
        images: whose poses.
        clusters: how many kinds of poses.
        seed: of KMeans.

    Raises:
        ValueError: there are fewer different poses than clusters.
    """
    from sklearn.cluster import KMeans

    rows = np.flatnonzero(images.complete)
    joints = images.joints[rows]
    middle = np.nanmean(joints, axis=1, keepdims=True) if len(rows) else joints
    vectors = (joints - middle).reshape(len(rows), 36)
    seen = ~np.isnan(vectors)
    usual = np.where(seen, vectors, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    vectors = np.where(seen, vectors, usual)
    different = len(np.unique(vectors, axis=0))
    if different < clusters:
        raise ValueError(
            f"{len(images)} images show {different} different poses with shoulders and hips; "
            f"lower --clusters, which is {clusters}"
        )
    labels = KMeans(clusters, random_state=seed, n_init=3).fit_predict(vectors)
    paths = images.records.table["path"].iloc[rows]
    return PoseBank(tuple(paths), joints, labels.astype(np.int64))
