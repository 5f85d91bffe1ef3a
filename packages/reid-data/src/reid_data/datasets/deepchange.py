r"""DeepChange: people over twelve months, in changing clothes and hair, by 17 cameras.

The layout, below the root or below one of the folder names that people give it::

    train-set/p0003_c03_20200112_0931_000123_bbox.jpg
    train-set-bbox.txt             lines "<file>,<tracklet>", sometimes with more after that
    val-set-query/  val-set-query-bbox.txt      val-set-gallery/   val-set-gallery-bbox.txt
    test-set-query/ test-set-query-bbox.txt     test-set-gallery/  test-set-gallery-bbox.txt

A name says who (``p0003``), which camera (``c03``), and, after the next underscores, date, time and
frame. Clothes were not labelled: what somebody wore on one day counts as an outfit, so the digits
of the date are the ``clothes_id``.

The protocol of the authors allows a true match from the query's camera, if it comes from another
tracklet. Evaluation drops matches from the same ``camid``, so by default the tracklet stands there,
as in published readers, and the real camera in a column ``camera``; ``camid=camera`` puts the real
one into ``camid`` too.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.name_lists import read_name_list
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["DEEPCHANGE_NAMES", "read_deepchange"]

DEEPCHANGE_NAMES = NameGrammar(
    r"p(?P<pid>\d{1,9})_c(?P<camera>\d{1,9})_(?P<date>[a-z]?\d[\d-]{0,16})"
    r"(?:_[a-z0-9-]{1,30}){0,4}?(?:_f?(?P<frame>\d{1,18}))?(?:_bbox)?",
    "p0003_c03_20200112_0931_000123_bbox.jpg",
    "identity, camera, date, time, frame",
    texts=("date",),
)
"""How DeepChange names images."""

_INFO = DatasetInfo(
    name="deepchange",
    url="https://github.com/PengBoXiangShang/deepchange",
    licence="academic use only, after a signed release agreement",
    citation="Xu and Zhu, DeepChange: A Long-Term Person Re-Identification Benchmark with "
    "Clothes Change, ICCV 2023",
    counts={
        "train": (450, 75083),
        "val": (150, 22841),
        "query": (521, 17527),
        "gallery": (521, 62956),
    },
    note="has outfits by day (clothes_id) and tracklets, which stand for cameras in evaluation",
)


@register_dataset(_INFO)
def read_deepchange(
    root: Path,
    *,
    part: Literal["test", "val"] = "test",
    camid: Literal["tracklet", "camera"] = "tracklet",
) -> Records:
    """Read DeepChange (see the module) from its folder or the one above.

    Args:
        root: the folder.
        part: whose query and gallery to take; with ``test`` the images of val are in split val,
            with ``val`` those of test are left out.
        camid: what stands for the camera.

    Raises:
        ValueError: a folder or list is missing, or a line does not fit.
    """
    folders = {"train-set": "train", f"{part}-set-query": "query", f"{part}-set-gallery": "gallery"}
    if part == "test":
        folders |= {"val-set-query": "val", "val-set-gallery": "val"}
    lists = [f"{folder}-bbox.txt" for folder in folders]
    home = find_home(root, (*folders, *lists), aliases=("DeepChangeDataset", "DeepChange"))
    parts = [_read_list(home, folder).assign(split=split) for folder, split in folders.items()]
    table = pd.concat(parts, ignore_index=True)
    days = table.pop("date").str.replace(r"\D", "", regex=True).astype("int64")
    counts = _INFO.counts if part == "test" else {"train": _INFO.counts["train"]}
    table = table.assign(camid=table[camid], clothes_id=days)
    return Records(table, home, replace(_INFO, counts=counts))


def _read_list(home: Path, folder: str) -> pd.DataFrame:
    path = home / f"{folder}-bbox.txt"
    names, (tracklets,) = read_name_list(path, ("tracklet",), separator=",", extra=True)
    return DEEPCHANGE_NAMES.table(home, names, folder=folder).assign(tracklet=tracklets)
