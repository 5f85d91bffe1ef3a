r"""LaST: people cut out of films, in many places and clothes.

The layout, below the root or below one of the folder names that people give it::

    train/000004/000004_000_00009_0257_01_001.jpg        one folder an identity
    val/query/005001_000_00021_0301_02.jpg               flat
    val/gallery/005001/005001_001_00017_0127_01.jpg      one folder an identity
    test/query/..., test/gallery/...                     as val

A name is several numbers with underscores between; the first says who and, in the training set,
the last says which outfit of theirs (``clothes_id``). Outfits of val and test are not published.

The protocol: rank the whole gallery for each query; there are no cameras, so ``camid`` is unknown,
and an unknown camera never equals another. (Published readers give each image a camera of its own,
which comes to the same in the test and to thousands of cameras in the training.) The authors
count query and gallery together.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["LAST_NAMES", "read_last"]

LAST_NAMES = NameGrammar(
    r"(?:[^/\s]+/)?(?P<pid>\d{1,9})(?:_\d{1,9}){0,8}_(?P<clothes_id>\d{1,9})",
    "000004/000004_000_00009_0257_01_001.jpg",
    "identity, further numbers, outfit",
)
"""How LaST names images, with the folder of the identity where there is one."""


_INFO = DatasetInfo(
    name="last",
    url="https://github.com/shuxjweb/last",
    licence="academic use only, after a signed release agreement",
    citation="Shu et al., Large-Scale Spatio-Temporal Person Re-identification: Algorithms "
    "and Benchmark, TCSVT 2022",
    counts={"train": (5000, 71248), "val": (56, 21379), "query+gallery": (5806, 135529)},
    note="has outfits (clothes_id) in the training set; no cameras",
)


@register_dataset(_INFO)
def read_last(root: Path, *, part: Literal["test", "val"] = "test") -> Records:
    """Read LaST (see the module) from its folder or the one above.

    Args:
        root: the folder.
        part: whose query and gallery to take; with ``test`` the images of val are in split val,
            with ``val`` those of test are left out.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    folders = {f"{part}/query": "query", f"{part}/gallery": "gallery"}
    if part == "test":
        folders = {"val/query": "val", "val/gallery": "val", **folders}
    home = find_home(root, ("train", *folders), aliases=("last", "LaST"))
    parts = [LAST_NAMES.read(home, "train", below=True).assign(split="train")]
    for folder, split in folders.items():
        table = LAST_NAMES.read(home, folder, below=True)
        parts.append(table.assign(split=split, clothes_id=pd.array([pd.NA] * len(table), "Int64")))
    counts = dict(_INFO.counts)
    if part == "val":
        counts = {"train": counts["train"], "query+gallery": counts["val"]}
    return Records(pd.concat(parts, ignore_index=True), home, replace(_INFO, counts=counts))
