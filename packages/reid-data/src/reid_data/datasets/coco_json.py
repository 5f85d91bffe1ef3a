r"""Any data set described in COCO's form, as used for the retrieval of clothes and for animals.

The layout::

    train.json  query.json  gallery.json        in the root or in ``annotations/``; any name with
                                                one of these words, at least one of the three
    train/0001.jpg  query/...  gallery/...      or all in ``images/``, or in the root itself

A file holds ``{"images": [{"id": 1, "file_name": "0001.jpg"}, ...], "annotations": [{"image_id": 1,
"pair_id": 7, "source": "shop"}, ...]}``. ``pair_id`` says who or what it is (another key can be
named). ``camera_id``, where an annotation has it, is the camera, which is else unknown; an unknown
camera never equals another. (Published readers give camera 1 to the gallery and 0 to all else,
which comes to the same in the test.) ``source`` is kept as a column.

Images are already cut out: one that shows two identities is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from reid_data.datasets.json_files import read_json
from reid_data.datasets.listing import contents, quoted
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["read_coco_json"]

_SPLITS = ("train", "query", "gallery")
_WHOLE_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


@register_dataset(
    DatasetInfo(
        name="coco_json",
        licence="your own data",
        note="train.json, query.json and gallery.json in COCO's form with an identity for each "
        "annotation",
    )
)
def read_coco_json(root: Path, *, identity: str = "pair_id") -> Records:
    """Read a data set in COCO's form (see the module).

    Args:
        root: the folder with the JSON files.
        identity: the key of an annotation that says who it is.

    Raises:
        ValueError: there are no such files, one is broken, or an image shows two identities.
    """
    files = {split: path for split in _SPLITS if (path := _find(root, split))}
    if not files:
        raise ValueError(
            f"expected train.json, query.json or gallery.json in {root}; found: {contents(root)}"
        )
    parts = []
    for split, path in files.items():
        table = _read(path, identity).assign(split=split)
        table["path"] = _place_of(table["path"].iloc[0], split, root) + table["path"]
        parts.append(table)
    return Records(pd.concat(parts, ignore_index=True), root)


def _find(root: Path, word: str) -> Path | None:
    found = [
        path
        for folder in (root, root / "annotations")
        if folder.is_dir()
        for path in sorted(folder.glob("*.json"))
        if word in path.stem.lower()
    ]
    if len(found) > 1:
        names = quoted(str(path.relative_to(root)) for path in found)
        raise ValueError(f"expected one JSON file for {word} in {root}; found {names}")
    return found[0] if found else None


def _place_of(name: str, split: str, root: Path) -> str:
    """What to put before the names of a file: where the first of them lies."""
    places = (f"{split}/", "images/", f"images/{split}/", "")
    for place in places:
        if (root / place / name).is_file():
            return place
    raise ValueError(f"expected the image {name} of {split} in {root}, in {split}/ or in images/")


def _read(path: Path, identity: str) -> pd.DataFrame:
    content = read_json(path)
    images, annotations = (_objects(content, key, path) for key in ("images", "annotations"))
    try:
        files = {image["id"]: str(image["file_name"]).replace("\\", "/") for image in images}
        rows = [
            {
                "path": files[one["image_id"]],
                "pid": _number(one[identity]),
                "camid": _number(one["camera_id"]) if "camera_id" in one else None,
                "source": str(one.get("source", "")),
            }
            for one in annotations
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: an image needs id and file_name, an annotation image_id of one of the images "
            f"and {identity}, a whole number; came {error!r}"
        ) from error
    table = pd.DataFrame(rows).astype({"camid": "Int64"}).drop_duplicates(["path", "pid"])
    twice = table[table["path"].duplicated()]
    if len(twice):
        raise ValueError(
            f"{path}: {len(twice)} images show more than one identity, first "
            f"{twice['path'].iloc[0]}; cut the people out, one image each"
        )
    return table


def _objects(content: Any, key: str, path: Path) -> list[dict[str, Any]]:
    value = content.get(key) if isinstance(content, dict) else None
    if not (isinstance(value, list) and value and all(isinstance(each, dict) for each in value)):
        raise ValueError(f"{path}: expected an object with a list of objects as {key!r}")
    return value


def _number(value: Any) -> int:
    if isinstance(value, bool) or not _WHOLE_NUMBER.fullmatch(str(value)):
        raise ValueError(value)
    return int(value)
