"""Images with their attributes: a data set's records and a table, joined."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from reid_attr.schema import Schema
from reid_data import Attributes, Records, load_attributes, load_dataset
from reid_data.attributes import Values
from reid_data.records import Ids

__all__ = ["AttributeImages", "load_images"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
# What records call the published parts.
_SPLITS = {"train": "train", "val": "val", "test": "gallery"}


@dataclass(frozen=True, eq=False)
class AttributeImages:
    """Images, and the attributes of each.

    Attributes:
        records: one row an image; ``pid`` is a number that images of one person (or walk) share.
        values: ``(N, K)``, 1, 0 or -1 for unknown, in the order of a schema.
        published: whether the splits of the records are the data set's own.
    """

    records: Records
    values: Values
    published: bool = False

    def __post_init__(self) -> None:
        if len(self.records) != len(self.values):
            raise ValueError(f"{len(self.values)} rows of values for {len(self.records)} images")

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Ids) -> AttributeImages:
        """These images in this order."""
        return AttributeImages(self.records.take(rows), self.values[rows], self.published)

    def split(self, name: str) -> AttributeImages:
        """The images of one split; there may be none."""
        return self.take(np.flatnonzero(self.records.table["split"].to_numpy() == name))


def load_images(
    name: str,
    root: Path | str,
    *,
    schema: Schema | None,
    images: Path | str | None = None,
    people: str | None = None,
    attributes: str | None = None,
) -> AttributeImages:
    """Read a published table of attributes (or of a data set's people) with its images.

    Args:
        name: one of `reid_data.list_attribute_sets`; or of `reid_data.list_datasets`, whose people
            have the attributes named by ``attributes``.
        root: where it lies.
        schema: which attributes, and their order; none: those of the table in its order.
        images: the folder to which the table's paths are relative; the root by default.
        people: a pattern (regular expression) with one group, found in an image's path, that is
            equal for images of one person; without it the table's own tubes are taken, and where
            there are none every image stands for itself.
        attributes: of which attribute set the people are described, such as ``market_attributes``.

    Raises:
        ValueError: something is unknown or missing, the table lacks attributes of the schema, or
            the pattern does not fit.
    """
    place = Path(root).expanduser()
    if attributes is not None:
        records = load_dataset(name, place)
        table = _of_schema(load_attributes(attributes, place), schema)
        return AttributeImages(_as_splits(records), table.of(records, missing="unknown"), True)
    table = _of_schema(load_attributes(name, place), schema)
    folder = Path(images) if images else place if place.is_dir() else place.parent
    if table.key == "pid":
        raise ValueError(
            f"{name} describes people, not images; name the images' data set as --data and {name} "
            "as --attributes"
        )
    paths = list(table.keys) if table.key == "path" else _by_stem(folder, table.keys)
    splits = np.full(len(table), "train", dtype=object)
    for part, rows in table.partitions.items():
        if part in _SPLITS:
            splits[rows] = _SPLITS[part]
    frame = pd.DataFrame({"path": paths, "pid": _groups(paths, table, people), "split": splits})
    frame["camid"] = _cameras(paths)
    return AttributeImages(Records(frame, folder), table.values, bool(table.partitions))


def _of_schema(table: Attributes, schema: Schema | None) -> Attributes:
    return table if schema is None else schema.values_of(table)


def _as_splits(records: Records) -> Records:
    table = records.table
    query = (table["split"] == "query").to_numpy()
    return Records(table.assign(split=table["split"].mask(query, "gallery")), records.root)


def _by_stem(folder: Path, stems: tuple[str, ...]) -> list[str]:
    found = {
        path.stem: path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
    }
    missing = [stem for stem in stems if stem not in found]
    if missing:
        raise ValueError(
            f"{len(missing)} of {len(stems)} images are not below {folder}, first {missing[0]}; "
            "name their folder with --images"
        )
    return [found[stem] for stem in stems]


def _groups(paths: list[str], table: Attributes, people: str | None) -> Ids:
    if people is not None:
        texts = _captured(paths, people)
    elif "tube" in table.notes:
        texts = list(table.notes["tube"])
    else:
        return np.arange(len(paths), dtype=np.int64)
    return np.unique(texts, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _captured(paths: list[str], people: str) -> list[str]:
    try:
        pattern = re.compile(people)
    except re.error as error:
        raise ValueError(f"the pattern {people!r} cannot be read: {error}") from error
    if pattern.groups != 1:
        raise ValueError(f"the pattern {people!r} needs one group, such as _(\\d+)\\.jpg")
    texts = []
    for path in paths:
        match = pattern.search(path)
        if match is None:
            raise ValueError(f"the pattern {people!r} does not fit the path {path}")
        texts.append(match[1])
    return texts


def _cameras(paths: list[str]) -> pd.Series:
    """Cameras where names begin with them, as NATIVE's do (``c1_v2_13_000123``)."""
    found = [re.match(r"c(\d{1,9})_v\d", PurePosixPath(path).name) for path in paths]
    return pd.Series([int(match[1]) if match else pd.NA for match in found], dtype="Int64")
