"""Which images teach, which say when to stop, and which are left for the test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from reid_attr.training.images import AttributeImages
from reid_data.files import replacing
from reid_data.records import Ids

__all__ = ["By", "Division", "divide", "read_division"]

By = Literal["person", "camera", "image"]
"""What stays together: the images of a person (or tube), of a camera, or nothing."""


@dataclass(frozen=True, eq=False)
class Division:
    """The images of a data set, divided.

    Attributes:
        train: to learn from.
        held_out: training images on which recalls are measured, to update logits; may be empty.
        validation: to choose the epoch and the thresholds.
        test: not looked at in training; may be empty.
    """

    train: AttributeImages
    held_out: AttributeImages
    validation: AttributeImages
    test: AttributeImages

    def save(self, path: Path) -> None:
        """Write a CSV table with the columns ``path`` and ``part``."""
        parts = vars(self).items()
        tables = [
            pd.DataFrame({"path": images.records.table["path"], "part": part})
            for part, images in parts
        ]
        with replacing(path) as temporary:
            pd.concat(tables).to_csv(temporary, index=False)


def divide(
    images: AttributeImages,
    *,
    by: By = "person",
    validation: float = 0.1,
    test: float = 0.0,
    held_out: float = 0.0,
    seed: int,
) -> Division:
    """Divide images; a published validation or test set stays what it is.

    Args:
        images: all of them.
        by: what stays together.
        validation: share of the groups, where the data set has no validation set.
        test: share of the groups, where the data set has no test set.
        held_out: share of what then remains to learn from.
        seed: which groups.

    Raises:
        ValueError: a share is not in [0, 1), validation would be empty, or there are too few groups
            (or cameras are unknown).
    """
    if by not in get_args(By):
        raise ValueError(f"by must be one of {', '.join(get_args(By))}; came {by!r}")
    splits = images.records.table["split"].to_numpy().copy()
    groups = _groups(images, by)
    generator = np.random.default_rng(seed)
    for name, share in (("gallery", test), ("val", validation), ("held", held_out)):
        if not 0 <= share < 1:
            raise ValueError(f"a share must be from 0 to below 1, came {share}")
        if share and not (splits == name).any():
            splits[_drawn(groups, splits == "train", share, generator)] = name
    for name, what in (("train", "to learn from"), ("val", "for validation")):
        if not (splits == name).any():
            raise ValueError(f"no images are left {what}; change data.validation, test or held_out")
    parts = [images.take(np.flatnonzero(splits == s)) for s in ("train", "held", "val", "gallery")]
    return Division(*parts)


def read_division(path: Path, images: AttributeImages, part: str) -> AttributeImages:
    """The images of one part of a division that was saved.

    Raises:
        ValueError: there is no such file, or an image of the part is not among these.
    """
    if not path.is_file():
        raise ValueError(f"there is no division at {path}")
    table = pd.read_csv(path)
    rows = {name: row for row, name in enumerate(images.records.table["path"])}
    wanted = table.loc[table["part"] == part, "path"].tolist()
    missing = [name for name in wanted if name not in rows]
    if missing:
        raise ValueError(f"{len(missing)} images of {path} are not in the data, first {missing[0]}")
    return images.take(np.array([rows[name] for name in wanted], dtype=np.int64))


def _groups(images: AttributeImages, by: By) -> Ids:
    if by == "image":
        return np.arange(len(images), dtype=np.int64)
    if by == "person":
        return images.records.pids
    if (images.records.camids < 0).any():
        raise ValueError("cameras are unknown here, so the images cannot be divided by camera")
    return images.records.camids


def _drawn(groups: Ids, open_rows: Ids, share: float, generator: np.random.Generator) -> Ids:
    """Rows of a random share of the groups that are open, at least one and not all."""
    known = np.unique(groups[open_rows])
    if len(known) < 2:
        raise ValueError(f"{len(known)} group cannot be divided; divide by something finer")
    count = min(max(round(share * len(known)), 1), len(known) - 1)
    chosen = generator.permutation(known)[:count]
    return np.flatnonzero(open_rows & np.isin(groups, chosen))
