"""Which row of a published table belongs to each image, and what fits nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reid_data.preprocess.naming import NAMINGS, Naming, image_id, qualified_id
from reid_data.preprocess.pose_tables import PoseTable
from reid_data.records import Ids, Records

__all__ = ["ImageLabels", "labels_of_images"]


@dataclass(frozen=True, eq=False)
class ImageLabels:
    """One number an image, and how well table and images fit.

    Attributes:
        labels: 1 .. K, and 0 where there is no pose, ``(N,)`` int64.
        null: images that the table gives 0: nobody was found in them.
        unlabelled: images that the table does not name; their label is 0 too.
        unknown: rows of the table that are none of the images.
    """

    labels: Ids
    null: int
    unlabelled: int
    unknown: int

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{len(self.labels)} images: {self.null} without a pose, {self.unlabelled} not in the "
            f"table, which has {self.unknown} rows of other images"
        )


def labels_of_images(
    records: Records,
    table: PoseTable,
    *,
    column: str,
    naming: Naming | Literal["auto"] = "auto",
) -> ImageLabels:
    """The pose cluster of each image, from a table that `read_pose_table` read.

    Tables call training images ``000_1_c10_001003`` and others ``query/001_1_c11_015833``; where
    people have folders of their own, ``092_A_cropped_rgb001`` and ``A/001_cropped_rgb001``.

    Args:
        records: the images.
        table: of these and other images, one row an image.
        column: which clustering, for example ``R_LA_15``.
        naming: how the table calls images; ``auto`` takes what fits more of them.

    Raises:
        ValueError: the table has no such column or none of the images, it has an image twice with
            different labels, or one of its names fits several images.
    """
    rows = _rows(table, table.column(column))
    paths = list(dict.fromkeys(records.table["path"]))
    tried = NAMINGS if naming == "auto" else (naming,)
    found = max((_named(paths, rows, known) for known in tried), key=len)
    if not found:
        raise ValueError(
            f"no image of {records.root} is in the table: images are named like {paths[0]!r}, the "
            f"table's like {next(iter(table.images), 'nothing')!r}; `reid-data poses` makes one"
        )
    known = np.array([path in found for path in records.table["path"]], dtype=bool)
    labels = np.array([rows[found[p]] if p in found else 0 for p in records.table["path"]])
    return ImageLabels(
        labels.astype(np.int64),
        null=int((known & (labels == 0)).sum()),
        unlabelled=int((~known).sum()),
        unknown=len(rows) - len(found),
    )


def _rows(table: PoseTable, labels: Ids) -> dict[str, int]:
    """The label of each name; a name that stands there twice must have one label."""
    rows: dict[str, int] = {}
    for name, label in zip(table.images, labels.tolist(), strict=True):
        if rows.setdefault(name, label) != label:
            raise ValueError(f"image {name!r} has two labels, {rows[name]} and {label}; keep one")
    return rows


def _named(paths: Sequence[str], rows: Mapping[str, int], naming: Naming) -> dict[str, str]:
    """The table's name of each image that it names."""
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for path in paths:
        # The longer name first: it tells images of different folders apart.
        names = (qualified_id(path, naming), image_id(path, naming))
        name = next((each for each in names if each in rows), None)
        if name is None:
            continue
        if name in taken:
            raise ValueError(
                f"the table's {name!r} fits {taken[name]} and {path}; name images by folder too, "
                "as query/001_1_c11_015833"
            )
        found[path], taken[name] = name, path
    return found
