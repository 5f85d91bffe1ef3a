"""Poses as labels: clusters fitted on training poses and applied to all others; 0 is "no pose"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reid_data.console import Advance
from reid_data.files import replacing
from reid_data.preprocess.array_files import read_npz
from reid_data.preprocess.pose_geometry import Family, Form, Vectors, blocks, pose_vectors
from reid_data.preprocess.poses import Poses
from reid_data.records import Ids

__all__ = [
    "COUNTS",
    "PoseClusters",
    "fit_pose_clusters",
    "knee",
    "load_clusters",
    "save_clusters",
]

COUNTS = (5, 10, 15, 20, 25, 30, 35, 40)
"""The published numbers of clusters."""


@dataclass(frozen=True, eq=False)
class PoseClusters:
    """Centres of poses.

    Attributes:
        family: which vectors.
        form: in which form.
        centres: ``(K, D)``, in scaled units.
        scale: what vectors are divided by, ``(D,)``.
        inertia: sum of squared distances of the fitted poses to their centres.
    """

    family: Family
    form: Form
    centres: Vectors
    scale: npt.NDArray[np.float64]
    inertia: float

    @property
    def name(self) -> str:
        """The column of the published table, for example ``R_LA_15``."""
        return f"{self.family}_{len(self.centres)}"

    def label(self, poses: Poses) -> Ids:
        """The cluster of each pose, 1 .. K, and 0 for a pose that lacks a joint, ``(N,)``.

        Poses that were not fitted are labelled by the same centres. (The published tables of test
        images fit clusters of their own, so that their numbers mean something else.)

        Raises:
            ValueError: the image sizes are unknown.
        """
        return self.place(poses)[0]

    def place(self, poses: Poses) -> tuple[Ids, npt.NDArray[np.float64]]:
        """The cluster of each pose, as `label`, and how far from its centre the pose is.

        Returns:
            Labels ``(N,)``, and distances ``(N,)`` in scaled units, NaN for label 0.

        Raises:
            ValueError: the image sizes are unknown.
        """
        vectors = _vectors(poses, self.family, self.form) / self.scale
        known = ~np.isnan(vectors).any(axis=1)
        labels = np.zeros(len(vectors), dtype=np.int64)
        distances = np.full(len(vectors), np.nan)
        # |v - c|^2 without |v|^2, which is the same for all centres.
        scores = np.square(self.centres).sum(axis=1) - 2 * vectors[known] @ self.centres.T
        labels[known] = scores.argmin(axis=1) + 1
        squares = scores.min(axis=1) + np.square(vectors[known]).sum(axis=1)
        distances[known] = np.sqrt(squares.clip(0))
        return labels, distances


def fit_pose_clusters(
    poses: Poses,
    *,
    family: Family,
    counts: Sequence[int] = COUNTS,
    form: Form = "unit",
    seed: int = 0,
    restarts: int = 3,
    advance: Advance | None = None,
) -> list[PoseClusters]:
    """Fit KMeans to the poses of training images, once for each number of clusters.

    In the form ``unit``, coordinates, lengths and angles are scaled to equal variance as blocks, so
    that pixels do not drown directions; in ``degrees`` they are mixed as published.

    Args:
        poses: with image sizes; those that lack a joint are left out.
        family: which vectors.
        counts: numbers of clusters.
        form: how angles enter.
        seed: of KMeans.
        restarts: fits from other beginnings, of which the best is kept.
        advance: called with 1 after each number of clusters.

    Raises:
        ValueError: there are fewer different poses than clusters, or image sizes are unknown.
    """
    from sklearn.cluster import KMeans

    vectors = _vectors(poses, family, form)
    vectors = vectors[~np.isnan(vectors).any(axis=1)]
    different = len(np.unique(vectors, axis=0))
    if not counts or min(counts) < 1 or different < max(counts):
        raise ValueError(
            f"expected numbers of clusters from 1 to {different}, the different complete poses; "
            f"came {', '.join(map(str, counts)) or 'none'}"
        )
    scale = _block_scale(vectors, family, form)
    fitted = []
    for count in counts:
        kmeans = KMeans(count, random_state=seed, max_iter=1000, n_init=restarts)
        kmeans.fit(vectors / scale)
        centres = np.asarray(kmeans.cluster_centers_, dtype=np.float64)
        fitted.append(PoseClusters(family, form, centres, scale, float(kmeans.inertia_)))
        if advance is not None:
            advance(1)
    return fitted


def knee(counts: Sequence[int], inertias: Sequence[float]) -> int:
    """The number of clusters beyond which more of them help little.

    It is where the curve of inertia, both axes scaled to 0 .. 1, lies farthest below the line from
    its first to its last point; the first number if the curve has no knee.

    Source:
        Satopaa et al., Finding a "Kneedle" in a Haystack, 2011.

    Examples:
        >>> knee([5, 10, 15, 20], [100.0, 40.0, 30.0, 25.0])
        10
    """
    across = np.asarray(counts, dtype=np.float64)
    down = np.asarray(inertias, dtype=np.float64)
    if len(across) < 3 or down[0] == down[-1]:
        return int(counts[0])
    line = (across - across[0]) / (across[-1] - across[0]) + (down - down[-1]) / (
        down[0] - down[-1]
    )
    return int(counts[int((1 - line).argmax())])


def save_clusters(clusters: Sequence[PoseClusters], path: Path | str) -> None:
    """Write clusters as one ``.npz`` of plain arrays."""
    about = [
        {"family": item.family, "form": item.form, "inertia": item.inertia} for item in clusters
    ]
    arrays = {f"centres_{row}": item.centres for row, item in enumerate(clusters)}
    arrays |= {f"scale_{row}": item.scale for row, item in enumerate(clusters)}
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez(file, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]


def load_clusters(path: Path | str) -> list[PoseClusters]:
    """Read clusters that `save_clusters` wrote.

    Raises:
        ValueError: the file is missing or not of this form.
    """
    try:
        content = read_npz(path)
        about = json.loads(str(content["about"]))
        return [
            PoseClusters(
                item["family"],
                item["form"],
                content[f"centres_{row}"],
                content[f"scale_{row}"],
                float(item["inertia"]),
            )
            for row, item in enumerate(about)
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"expected pose clusters (.npz) at {path}: {error}") from error


def _vectors(poses: Poses, family: Family, form: Form) -> Vectors:
    if np.isnan(poses.sizes).any():
        raise ValueError("pose vectors need the size of each image; give them with with_sizes()")
    return pose_vectors(poses.to("coco17").joints, poses.sizes, family=family, form=form)


def _block_scale(vectors: Vectors, family: Family, form: Form) -> npt.NDArray[np.float64]:
    scale = np.ones(vectors.shape[1])
    if form == "unit":
        for part in blocks(family, form=form).values():
            scale[part] = np.sqrt(vectors[:, part].var(axis=0).sum()) or 1.0
    return scale
