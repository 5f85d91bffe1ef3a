r"""Market-1501 and the data sets that share its layout.

The layout, below the root or below one of the folder names that people give it::

    bounding_box_train/0002_c1s1_000451_03.jpg     training identities
    query/0003_c1s1_000151_00.jpg                  one image per test identity and camera
    bounding_box_test/0003_c3s2_013762_01.jpg      the gallery
    bounding_box_test/0000_c1s1_000151_01.jpg      pid 0: distractors, false detections
    bounding_box_test/-1_c1s1_000401_03.jpg        pid -1: junk, to be ignored

A name says who (``0002``), which camera (``c1``), which sequence (``s1``), which frame
(``000451``) and which box of the frame (``03``, 00 where drawn by hand).

The protocol: rank ``gallery`` and ``distractor`` for each query, without the images of the query's
person from the query's camera; ``junk`` counts neither way. Identities of train and test differ.

The authors' 500,000 further distractors lie in a flat folder, ``images`` or ``distractors_500k``
beside the others; ``distractors=true`` adds them to split ``distractor``, with pid 0, and with a
camera where their name gives one.

Outfits were not labelled. Readers that make them up (the identity in train, 0 in the gallery) leave
no match in the clothes-changing setting; here there is no ``clothes_id``.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from reid_data.datasets.listing import contents, find_home, image_names, quoted
from reid_data.datasets.registry import dataset_info, register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["MarketName", "parse_market_name", "read_market1501", "read_prw"]

_LOG = logging.getLogger(__name__)

# At most as many digits as 64 bits hold; the published names use 4, 1, 1, 6 and 2.
_NAME = re.compile(
    r"(?P<pid>-[12]|\d{1,9})_c(?P<camid>\d{1,9})s(?P<sequence>\d{1,9})_(?P<frame>\d{1,18})"
    r"(?:_(?P<box>\d{1,9}))?\.(?:jpe?g|png|bmp|webp)",
    re.IGNORECASE | re.ASCII,
)
_SPLITS = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}
_DISTRACTOR, _JUNK, _NOT_LABELLED = 0, -1, -2
_DISTRACTOR_FOLDERS = ("images", "distractors_500k", "distractors")


@dataclass(frozen=True)
class MarketName:
    """What a file name in Market-1501's grammar says.

    Attributes:
        pid: identity; 0 for distractors, -1 for junk, -2 (in PRW) for people without one.
        camid: camera, as numbered in the name.
        sequence: number of the recording.
        frame: frame within the sequence.
        box: box within the frame; PRW's queries have none.
    """

    pid: int
    camid: int
    sequence: int
    frame: int
    box: int | None


def parse_market_name(name: str) -> MarketName:
    """Read a file name such as ``0002_c1s1_000451_03.jpg`` or, as in PRW, ``843_c1s4_054211.jpg``.

    Raises:
        ValueError: the name does not follow the grammar.

    Examples:
        >>> parse_market_name("0002_c1s1_000451_03.jpg")
        MarketName(pid=2, camid=1, sequence=1, frame=451, box=3)
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(
            "expected a name like 0002_c1s1_000451_03.jpg (identity, camera, sequence, frame, box)"
            f", came {name!r}"
        )
    pid, camid, sequence, frame, box = match.groups()
    number = None if box is None else int(box)
    return MarketName(int(pid), int(camid), int(sequence), int(frame), number)


@register_dataset(
    DatasetInfo(
        name="market1501",
        url="https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html",
        licence="no licence text is published; offered by its authors for academic research",
        citation="Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015",
        counts={
            "train": (751, 12936),
            "query": (750, 3368),
            # The pids 0 and -1 count as one identity each.
            "gallery+distractor": (751, 15913),
            "gallery+distractor+junk": (752, 19732),
        },
        note="any data set in Market-1501's layout can be read under this name",
    )
)
def read_market1501(root: Path, *, distractors: bool = False) -> Records:
    """Read Market-1501 or anything in its layout (see the module), from its folder or its parent.

    Args:
        root: the folder.
        distractors: add the 500,000 further ones, which must be there.

    Raises:
        ValueError: a folder is missing or empty, or a name does not follow the grammar.
    """
    aliases = ("market1501", "Market-1501-v15.09.15", "Market-1501", "Market1501")
    records = _read(root, aliases=aliases)
    if not distractors:
        return records
    table = pd.concat([records.table, _read_distractors(records.root)], ignore_index=True)
    counts = {name: dataset_info("market1501").counts[name] for name in ("train", "query")}
    return Records(table, records.root, replace(dataset_info("market1501"), counts=counts))


@register_dataset(
    DatasetInfo(
        name="prw",
        url="https://github.com/liangzheng06/PRW-baseline",
        licence="no licence text is published; offered by its authors for academic research",
        citation="Zheng et al., Person Re-identification in the Wild, CVPR 2017",
        note="people cut out of PRW's frames, in Market-1501's layout; nobody publishes the crops",
    )
)
def read_prw(root: Path) -> Records:
    """Read the re-identification crops of PRW (see the module), from their folder or the one above.

    Query names lack the box number; people without an identity (pid -2) are left out.

    Raises:
        ValueError: a folder is missing or empty, or a name does not follow the grammar.
    """
    return _read(root, aliases=("PRW_reid", "prw", "PRW", "PRW-v16.04.20"))


def _read(root: Path, *, aliases: tuple[str, ...]) -> Records:
    home = find_home(root, _SPLITS, aliases=aliases)
    parts = [_read_folder(home, folder, split) for folder, split in _SPLITS.items()]
    return Records(pd.concat(parts, ignore_index=True), home)


def _read_folder(home: Path, folder: str, split: str) -> pd.DataFrame:
    names = image_names(home / folder)
    if not names:
        raise ValueError(f"expected images in {home / folder}; found: {contents(home / folder)}")
    foreign = [name for name in names if _NAME.fullmatch(name) is None]
    if foreign:
        raise ValueError(
            f"{len(foreign)} of {len(names)} images in {home / folder} are not named like "
            f"0002_c1s1_000451_03.jpg: {quoted(foreign)}; rename or remove them"
        )
    table = pd.DataFrame([vars(parse_market_name(name)) for name in names])
    table = table.astype({"box": "Int64"})
    table.insert(0, "path", [f"{folder}/{name}" for name in names])
    table.insert(3, "split", split)
    if split == "gallery":
        table.loc[table["pid"] == _DISTRACTOR, "split"] = "distractor"
        table.loc[table["pid"] == _JUNK, "split"] = "junk"
        return _without(table, table["pid"] == _NOT_LABELLED, home / folder)
    if (table["pid"] == _DISTRACTOR).any():
        raise ValueError(
            f"pid 0 means distractor in this layout and cannot stand in {home / folder}; "
            "number the identities from 1"
        )
    return _without(table, table["pid"] < 0, home / folder)


def _read_distractors(home: Path) -> pd.DataFrame:
    for folder in _DISTRACTOR_FOLDERS:
        names = image_names(home / folder) if (home / folder).is_dir() else []
        if names:
            break
    else:
        raise ValueError(
            f"expected the further distractors in {home}, in the folder "
            f"{' or '.join(_DISTRACTOR_FOLDERS)}; found there: {contents(home)}"
        )
    matches = [_NAME.fullmatch(name) for name in names]
    cameras = [None if match is None else int(match["camid"]) for match in matches]
    return pd.DataFrame(
        {
            "path": [f"{folder}/{name}" for name in names],
            "pid": _DISTRACTOR,
            "camid": pd.array(cameras, dtype="Int64"),
            "split": "distractor",
        }
    )


def _without(table: pd.DataFrame, dropped: pd.Series[bool], folder: Path) -> pd.DataFrame:
    if dropped.any():
        _LOG.info("left out %d images without an identity in %s", int(dropped.sum()), folder)
    return table[~dropped]
