"""Pose labels of a whole data set: measured, clustered, labelled, and drawn for a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from reid_data.console import Advance
from reid_data.images import read_image
from reid_data.preprocess.naming import Naming, image_id
from reid_data.preprocess.outputs import new_folder
from reid_data.preprocess.pose_clusters import (
    COUNTS,
    PoseClusters,
    fit_pose_clusters,
    knee,
    save_clusters,
)
from reid_data.preprocess.pose_files import write_openpose_csv
from reid_data.preprocess.pose_geometry import FAMILIES, Family, Form
from reid_data.preprocess.pose_pictures import draw_pose, knee_svg
from reid_data.preprocess.pose_tables import PoseTable, pose_table, write_pose_table
from reid_data.preprocess.poses import Poses, match_poses
from reid_data.preprocess.sheets import pose_sheet
from reid_data.preprocess.sizes import image_sizes
from reid_data.records import Records

__all__ = ["PoseLabels", "cluster_poses", "poses_of", "write_pose_labels"]

_TRAIN = "train"


@dataclass(frozen=True, eq=False)
class PoseLabels:
    """The pose clusters of a data set.

    Attributes:
        clusters: one a column of the tables.
        train: labels of the training images.
        others: labels of all other images, by the same clusters.
        knees: for each family with several numbers of clusters, where its knee is.
    """

    clusters: tuple[PoseClusters, ...]
    train: PoseTable
    others: PoseTable
    knees: dict[str, int]


def poses_of(
    poses: Poses, records: Records, *, workers: int = 0, advance: Advance | None = None
) -> Poses:
    """The poses of these images, named by their paths, with the sizes of the images.

    Args:
        poses: of these and other images, named in any of the ways of `match_poses`.
        records: the images.
        workers: threads that measure images; 0 works in the caller's.
        advance: called with the number of images just measured.

    Raises:
        UnreadableImagesError: an image that has a pose cannot be read.
        ValueError: a pose fits several images, or none fits.
    """
    paths = list(dict.fromkeys(records.table["path"]))
    rows = match_poses(poses.names, paths)
    found = [path for path, row in zip(paths, rows.tolist(), strict=True) if row >= 0]
    if not found:
        raise ValueError(
            f"no pose belongs to an image of {records.root}: images are named like {paths[0]!r}, "
            f"poses like {next(iter(poses.names), 'nothing')!r}"
        )
    files = [records.root / path for path in found]
    sizes = image_sizes(files, workers=workers, advance=advance)
    taken = poses.take(rows[rows >= 0])
    return Poses(tuple(found), taken.joints, taken.layout, sizes.astype(np.float64))


def cluster_poses(
    poses: Poses,
    records: Records,
    *,
    naming: Naming,
    families: Sequence[Family] = FAMILIES,
    counts: Sequence[int] = COUNTS,
    form: Form = "unit",
    seed: int = 0,
    clusters: Sequence[PoseClusters] | None = None,
    advance: Advance | None = None,
) -> PoseLabels:
    """Fit clusters on the training images and label all images with them.

    Args:
        poses: of the images, from `poses_of`.
        records: the images; those of the split ``train`` are fitted.
        naming: how the tables call images.
        families: which vectors.
        counts: numbers of clusters of each.
        form: how angles enter.
        seed: of KMeans.
        clusters: fitted before, on other data; then nothing is fitted.
        advance: called with 1 after each clustering.

    Raises:
        ValueError: there are too few training poses, see `fit_pose_clusters`.
    """
    train = records.table["split"] == _TRAIN
    paths = records.table["path"]
    if clusters is None:
        rows = match_poses(poses.names, paths[train].tolist())
        fitted = [
            item
            for family in families
            for item in fit_pose_clusters(
                poses.take(rows[rows >= 0]),
                family=family,
                counts=counts,
                form=form,
                seed=seed,
                advance=advance,
            )
        ]
        # The published order of columns: by number, then by family.
        clusters = sorted(fitted, key=lambda item: len(item.centres))
    images, others = paths[train].tolist(), paths[~train].tolist()
    return PoseLabels(
        tuple(clusters),
        pose_table(poses, images, clusters, naming=naming),
        pose_table(poses, others, clusters, naming=naming, qualified=True),
        _knees(clusters),
    )


def write_pose_labels(
    labels: PoseLabels,
    poses: Poses,
    out: Path | str,
    *,
    root: Path | None = None,
    overlays: int = 0,
    sheets: int = 0,
) -> None:
    """Write what was found into a new folder.

    ``poses_train.csv`` and ``poses_test.csv`` in the published form, ``clusters.npz``,
    ``keypoints.csv`` (OpenPose's 18 joints), ``knee.svg``, skeletons over the first images, and
    contact sheets of the clusters.

    Args:
        labels: from `cluster_poses`.
        poses: the poses that were labelled.
        out: the new folder.
        root: of the images, for overlays and sheets.
        overlays: how many.
        sheets: how many images of each cluster, in a sheet for each clustering; 0 for none.

    Raises:
        ValueError: `out` is not empty, or an image to draw on cannot be read.
    """
    with new_folder(Path(out)) as folder:
        for name, table in (("train", labels.train), ("test", labels.others)):
            if len(table):
                write_pose_table(table, folder / f"poses_{name}.csv")
        save_clusters(labels.clusters, folder / "clusters.npz")
        write_openpose_csv(poses, folder / "keypoints.csv")
        if labels.knees:
            (folder / "knee.svg").write_text(knee_svg(_curves(labels.clusters)), encoding="utf-8")
        for row in range(min(overlays, len(poses)) if root is not None else 0):
            _write_overlay(poses, row, root or Path(), folder / "overlays")
        for clusters in labels.clusters if sheets and root is not None else ():
            _write_sheet(clusters, poses, root or Path(), folder / "sheets", sheets)


def _write_overlay(poses: Poses, row: int, root: Path, folder: Path) -> None:
    image = read_image(root / poses.names[row])
    scale = max(round(256 / image.shape[0]), 1)
    drawn = draw_pose(image, poses.joints[row], layout=poses.layout, scale=scale)
    folder.mkdir(exist_ok=True)
    Image.fromarray(drawn).save(folder / f"{row:04d}_{image_id(poses.names[row], 'stem')}.png")


def _write_sheet(
    clusters: PoseClusters, poses: Poses, root: Path, folder: Path, columns: int
) -> None:
    sheet = pose_sheet(clusters, poses, read=lambda name: read_image(root / name), columns=columns)
    folder.mkdir(exist_ok=True)
    Image.fromarray(sheet).save(folder / f"{clusters.name}.png")


def _curves(clusters: Sequence[PoseClusters]) -> dict[str, list[tuple[int, float]]]:
    curves: dict[str, list[tuple[int, float]]] = {}
    for item in sorted(clusters, key=lambda item: len(item.centres)):
        curves.setdefault(item.family, []).append((len(item.centres), item.inertia))
    return {family: curve for family, curve in curves.items() if len(curve) > 1}


def _knees(clusters: Sequence[PoseClusters]) -> dict[str, int]:
    found = {}
    for family, curve in _curves(clusters).items():
        numbers, inertias = zip(*curve, strict=True)
        found[family] = knee(numbers, inertias)
    return found
