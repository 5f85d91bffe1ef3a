r"""CUHK03: people on a campus, by five pairs of cameras, cut out by hand and by a detector.

The release is one MATLAB file of version 7.3, ``cuhk-03.mat``, that holds the images themselves.
``reid-data unpack`` takes them out (`reid_data.datasets.cuhk03_release`). What is read here is what
comes out, below the root or one of the folder names that people give it::

    images_detected/1_001_1_01.png     boxes of a detector
    images_labeled/1_001_2_06.png      boxes drawn by hand
    cuhk03_new_protocol_config_detected.mat, cuhk03_new_protocol_config_labeled.mat
    splits_classic_detected.json, splits_classic_labeled.json
    splits_new_detected.json, splits_new_labeled.json          instead of the .mat files

A name says which pair of cameras (``1``), who of those seen by it (``001``), which view (``1`` or
``2``, the camera) and which image (``01`` to ``10``). The same number in two pairs means two
people: here the identity is 10,000 times the pair and the person, so ``1_001`` is 10001.

The ``new`` protocol (Zhong et al.) trains 767 identities and tests 700, without the images of the
query's person from the query's camera. The ``classic`` one (Li et al.) has 20 divisions that test
100 identities each, whose images are both query and gallery: published scores draw one gallery
image of each person from the other view, many times over, and average over all divisions.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from reid_data.datasets.cuhk03_release import find_release
from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.json_files import read_json
from reid_data.datasets.listing import find_home
from reid_data.datasets.mat_files import mat_texts, read_mat
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["CUHK03_NAMES", "read_cuhk03"]

CUHK03_NAMES = NameGrammar(
    r"(?P<pair>\d{1,4})_(?P<person>\d{1,4})_(?P<camid>\d{1,4})_(?P<image>\d{1,4})",
    "1_001_1_01.png",
    "pair of cameras, person, view, image",
)
"""How the extracted images of CUHK03 are named."""

_SPLITS = ("train", "query", "gallery")
_PERSON_LIMIT = 10_000
_NEW_COUNTS = {
    "detected": {"train": (767, 7365), "query": (700, 1400), "gallery": (700, 5332)},
    "labeled": {"train": (767, 7368), "query": (700, 1400), "gallery": (700, 5328)},
}
_INFO = DatasetInfo(
    name="cuhk03",
    url="https://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html",
    licence="academic use only, on request",
    citation="Li et al., DeepReID: Deep Filter Pairing Neural Network for Person "
    "Re-identification, CVPR 2014; new protocol: Zhong et al., Re-ranking Person "
    "Re-identification with k-reciprocal Encoding, CVPR 2017",
    counts=_NEW_COUNTS["detected"],
    note="reid-data unpack takes the images out of the published cuhk-03.mat first",
)


@register_dataset(_INFO)
def read_cuhk03(
    root: Path,
    *,
    boxes: Literal["detected", "labeled"] = "detected",
    protocol: Literal["new", "classic"] = "new",
    split: int = 0,
) -> Records:
    """Read CUHK03 (see the module) from its folder or the one above.

    Args:
        root: the folder.
        boxes: cut out by a detector, or by hand.
        protocol: the ``new`` or the ``classic`` one.
        split: which of the 20 divisions of the classic protocol, from 0; the new one has only 0.

    Raises:
        ValueError: the images or the divisions are missing or broken, or there is no such split.
    """
    folder = f"images_{boxes}"
    home = _find_home(root, folder)
    names = _names(home, boxes, protocol, split)
    parts = [
        CUHK03_NAMES.table(home, names[each], folder=folder).assign(split=each) for each in _SPLITS
    ]
    table = pd.concat(parts, ignore_index=True)
    table["pid"] = table.pop("pair") * _PERSON_LIMIT + table.pop("person")
    table = table.drop(columns="image").drop_duplicates(["split", "path"])
    counts = _NEW_COUNTS[boxes] if protocol == "new" else {}
    return Records(table, home, replace(_INFO, counts=counts))


def _find_home(root: Path, folder: str) -> Path:
    try:
        return find_home(root, (folder,), aliases=("cuhk03", "CUHK03", "cuhk03_release"))
    except ValueError as error:
        release = find_release(root)
        if release is None:
            raise
        raise ValueError(
            f"{release} holds the images itself; take them out first: reid-data unpack --root "
            f"{release} --out FOLDER"
        ) from error


def _names(
    home: Path, boxes: str, protocol: Literal["new", "classic"], split: int
) -> dict[str, list[str]]:
    """File names of each split."""
    wanted = [f"splits_{protocol}_{boxes}.json"]
    if protocol == "new":
        wanted.insert(0, f"cuhk03_new_protocol_config_{boxes}.mat")
    for name in wanted:
        for path in (home / name, home / "cuhk03_release" / name, home.parent / name):
            if path.is_file():
                return _from_mat(path, split) if path.suffix == ".mat" else _from_json(path, split)
    raise ValueError(f"expected {' or '.join(wanted)} in {home}, which says who is tested")


def _from_mat(path: Path, split: int) -> dict[str, list[str]]:
    if split != 0:
        raise ValueError(f"the new protocol has one split, 0; came {split}")
    content = read_mat(path)
    missing = {"filelist", *(f"{each}_idx" for each in _SPLITS)} - content.keys()
    if missing:
        raise ValueError(f"expected the variables {', '.join(sorted(missing))} in {path}")
    files = mat_texts(content["filelist"])
    names = {}
    for each in _SPLITS:
        rows = np.atleast_1d(np.asarray(content[f"{each}_idx"])).ravel()
        # Counted from 1, as MATLAB does.
        if rows.dtype.kind not in "iuf" or not ((rows >= 1) & (rows <= len(files))).all():
            raise ValueError(f"{each}_idx in {path} must count files from 1 to {len(files)}")
        names[each] = [files[row - 1] for row in rows.astype(np.int64)]
    return names


def _from_json(path: Path, split: int) -> dict[str, list[str]]:
    splits = read_json(path)
    if not isinstance(splits, list) or not 0 <= split < len(splits):
        count = len(splits) if isinstance(splits, list) else "no"
        raise ValueError(f"{path} holds {count} splits, counted from 0; came split {split}")
    return {each: _file_names(splits[split], each, path) for each in _SPLITS}


def _file_names(division: Any, split: str, path: Path) -> list[str]:
    rows = division.get(split) if isinstance(division, dict) else None
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and row and isinstance(row[0], str) for row in rows
    ):
        raise ValueError(f"{path}: expected a list of [file, identity, camera] as {split}")
    # Whoever extracted the images wrote where they lay on that machine.
    return [row[0].replace("\\", "/").rpartition("/")[2] for row in rows]
