"""The published table of pose clusters: one row an image, one column a clustering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid_data.preprocess.naming import Naming, category, image_id, qualified_id
from reid_data.preprocess.pose_clusters import COUNTS, PoseClusters
from reid_data.preprocess.pose_geometry import FAMILIES, Family
from reid_data.preprocess.poses import Poses, match_poses
from reid_data.preprocess.published import Style, read_raw, write_raw
from reid_data.records import Ids

__all__ = ["PoseTable", "pose_columns", "pose_table", "read_pose_table", "write_pose_table"]

_FIRST = ("Category", "Image")


@dataclass(frozen=True, eq=False)
class PoseTable:
    """Cluster labels of images, as published.

    Attributes:
        categories: ``train``, ``query``, ``A``, ... ``(N,)``.
        images: ``000_1_c10_001003`` for training images, ``query/001_1_c11_015833`` for others.
        columns: names such as ``R_LA_15``, ``(M,)``.
        labels: 1 .. K, 0 for no pose, ``(N, M)`` int64.
        style: how the file was written.
    """

    categories: tuple[str, ...]
    images: tuple[str, ...]
    columns: tuple[str, ...]
    labels: Ids
    style: Style | None = None

    def __len__(self) -> int:
        return len(self.images)

    def column(self, name: str) -> Ids:
        """One clustering, ``(N,)``.

        Raises:
            ValueError: there is none of that name.
        """
        if name not in self.columns:
            raise ValueError(f"no pose clustering {name!r}; there are: {', '.join(self.columns)}")
        return self.labels[:, self.columns.index(name)]


def pose_columns(
    families: Sequence[Family] = FAMILIES, counts: Sequence[int] = COUNTS
) -> tuple[str, ...]:
    """The columns in the published order: all families of 5 clusters, then of 10, and so on."""
    return tuple(f"{family}_{count}" for count in counts for family in families)


def pose_table(
    poses: Poses,
    paths: Sequence[str],
    clusters: Sequence[PoseClusters],
    *,
    naming: Naming,
    qualified: bool = False,
) -> PoseTable:
    """Label images by clusters; images without a pose get 0.

    Args:
        poses: of these and other images, with sizes.
        paths: of the images, relative to the root.
        clusters: fitted on training poses, one a column.
        naming: how the table calls images.
        qualified: call them by their category too, as the tables of test images do.

    Raises:
        ValueError: a pose fits several images, or image sizes are unknown.
    """
    rows = match_poses(poses.names, paths)
    found = rows >= 0
    labels = np.zeros((len(paths), len(clusters)), dtype=np.int64)
    matched = poses.take(rows[found])
    for column, fitted in enumerate(clusters):
        labels[found, column] = fitted.label(matched)
    name = qualified_id if qualified else image_id
    return PoseTable(
        tuple(category(path, naming) for path in paths),
        tuple(name(path, naming) for path in paths),
        tuple(fitted.name for fitted in clusters),
        labels,
    )


def read_pose_table(path: Path | str) -> PoseTable:
    """Read a table of pose clusters; without a header it must have the 48 published columns.

    Raises:
        ValueError: the file is missing or malformed, or a label is none of its clustering; the
            message names the line.
    """
    raw = read_raw(path, headers=[_FIRST])
    header = raw.style.header
    columns = pose_columns() if header is None else tuple(name.strip() for name in header[2:])
    for line, row in zip(raw.lines, raw.rows, strict=True):
        if len(row) != len(columns) + 2:
            raise ValueError(
                f"{path}, line {line}: expected {len(columns) + 2} cells, came {len(row)}"
            )
    most = [_count(name, path) for name in columns]
    cells = np.array([row[2:] for row in raw.rows], dtype=object).reshape(-1, len(columns))
    try:
        numbers = cells.astype(np.float64)
    except ValueError as error:
        raise ValueError(f"{path}: labels must be numbers: {error}") from error
    wrong = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers > np.array(most))
    if wrong.any():
        first, column = (int(place[0]) for place in np.nonzero(wrong))
        raise ValueError(
            f"{path}, line {raw.lines[first]}: {columns[column]} must be 0 .. {most[column]}, came "
            f"{cells[first, column]}"
        )
    return PoseTable(
        tuple(row[0] for row in raw.rows),
        tuple(row[1] for row in raw.rows),
        columns,
        numbers.astype(np.int64),
        raw.style,
    )


def write_pose_table(table: PoseTable, path: Path | str) -> None:
    """Write a table, labels as ``3.0``; one that was read comes out in the same bytes."""
    style = table.style or Style((*_FIRST, *table.columns))
    texts = np.array([f"{label}.0" for label in range(int(table.labels.max(initial=0)) + 1)])
    cells = texts[table.labels].tolist()
    rows = zip(table.categories, table.images, cells, strict=True)
    write_raw(path, ([name, image, *labels] for name, image, labels in rows), style=style)


def _count(name: str, path: Path | str) -> int:
    family, _, count = name.rpartition("_")
    if family not in FAMILIES or not count.isascii() or not count.isdigit():
        raise ValueError(
            f"{path}: expected columns such as R_LA_15 ({', '.join(FAMILIES)}), came {name!r}"
        )
    return int(count)
