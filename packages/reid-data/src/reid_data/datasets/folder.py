"""Pictures in folders: one folder an identity, or names that begin with the identity."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pandas as pd

from reid_data.columns import SPLITS
from reid_data.datasets.listing import contents, image_names, quoted, subfolders
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["from_folder", "from_images", "read_folder"]

_WHOLE_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
# 0002.jpg, 0002_anything.jpg, 0002_c1s1_000451_03.jpg, -1_c3_7.jpg
_LEADING_PID = re.compile(r"(-?\d{1,18})(?=[_.])(?:_c(\d{1,9})(?=[s_.]))?", re.ASCII)
_NOBODY = -1


def from_folder(
    root: Path | str,
    *,
    identities: Literal["numeric", "sorted"] = "numeric",
    split: str = "gallery",
) -> Records:
    """Read a folder of identity folders; the cameras are unknown.

    Images may lie deeper; all of them below an identity's folder are that identity.

    Args:
        root: the folder that holds one folder an identity.
        identities: ``numeric`` takes the folder's name as the pid; ``sorted`` numbers the folders
            0, 1, 2 ... by name and keeps the names in a column ``identity``. Sorted numbers of
            two roots mean different people, so only numeric ones can be compared.
        split: the split of every image.

    Raises:
        ValueError: there is no such folder, it holds no images in folders, images lie beside the
            folders, or a folder's name is not a number where it must be one.
    """
    place = Path(root)
    names = subfolders(place)
    stray = image_names(place)
    if stray:
        raise ValueError(
            f"expected one folder an identity in {place}, found images beside them: {quoted(stray)}"
        )
    pids = _numbers(place, names) if identities == "numeric" else list(range(len(names)))
    rows = [
        (f"{name}/{image}", pid, name)
        for name, pid in zip(names, pids, strict=True)
        for image in image_names(place / name, below=True)
    ]
    if not rows:
        raise ValueError(
            f"expected one folder an identity with images in {place}; found: {contents(place)}"
        )
    table = pd.DataFrame(rows, columns=["path", "pid", "identity"]).assign(split=split)
    return Records(table if identities == "sorted" else table.drop(columns="identity"), place)


def from_images(
    root: Path | str,
    *,
    split: str = "gallery",
    pids: Literal["required", "optional"] = "required",
) -> Records:
    """Read whatever pictures a search is given: a folder of identity folders, or a flat folder.

    In a flat folder a name begins with the identity (``0002_anything.jpg``, ``0002.jpg``), and
    where it goes on with a camera (``0002_c1s1_000451_03.jpg``) that is read too.

    Args:
        root: the folder.
        split: the split of every image.
        pids: ``required`` refuses a name that gives no identity; ``optional`` makes it pid -1,
            which is nobody.

    Raises:
        ValueError: there is no such folder, it holds no images, or an identity is missing that is
            required.
    """
    place = Path(root)
    names = image_names(place)
    if names:
        return _from_flat(place, names, split=split, required=pids == "required")
    if pids == "required":
        return from_folder(place, split=split)
    rows = [
        (name, int(top) if _WHOLE_NUMBER.fullmatch(top) else _NOBODY)
        for name in image_names(place, below=True)
        for top in (name.split("/")[0],)
    ]
    if not rows:
        raise ValueError(f"expected images in {place}; found: {contents(place)}")
    return Records(pd.DataFrame(rows, columns=["path", "pid"]).assign(split=split), place)


@register_dataset(
    DatasetInfo(
        name="folder",
        licence="your own data",
        note="one folder an identity, or train/ query/ gallery/ ... that each hold such folders",
    )
)
def read_folder(root: Path) -> Records:
    """Read ``<root>/<pid>/*.jpg`` as a gallery, ``<root>/<split>/<pid>/*.jpg`` as several splits.

    Raises:
        ValueError: see `from_folder`.
    """
    splits = [name for name in subfolders(root) if name in SPLITS]
    if not splits:
        return from_folder(root)
    tables = []
    for split in splits:
        table = from_folder(root / split, split=split).table
        tables.append(table.assign(path=f"{split}/" + table["path"]))
    return Records(pd.concat(tables, ignore_index=True), root)


def _from_flat(place: Path, names: list[str], *, split: str, required: bool) -> Records:
    nested = [name for name in subfolders(place) if image_names(place / name, below=True)]
    if nested:
        raise ValueError(
            f"{place} holds images and folders with images ({quoted(nested)}); "
            "expected a flat folder or one folder an identity"
        )
    matches = [_LEADING_PID.match(name) for name in names]
    unnamed = [name for name, match in zip(names, matches, strict=True) if match is None]
    if unnamed and required:
        raise ValueError(
            f"{len(unnamed)} of {len(names)} images in {place} do not begin with an identity and "
            f"an underscore, like 0002_c1s1_000451_03.jpg: {quoted(unnamed)}; rename or remove them"
        )
    table = pd.DataFrame(
        {
            "path": names,
            "pid": [_NOBODY if match is None else int(match[1]) for match in matches],
            "camid": [
                None if match is None or not match[2] else int(match[2]) for match in matches
            ],
            "split": split,
        }
    )
    return Records(table, place)


def _numbers(place: Path, names: list[str]) -> list[int]:
    wrong = [name for name in names if not _WHOLE_NUMBER.fullmatch(name)]
    if wrong:
        raise ValueError(
            f"expected folders named by a number in {place}, came {quoted(wrong)}; rename them, or "
            'read them in Python with identities="sorted"'
        )
    return [int(name) for name in names]
