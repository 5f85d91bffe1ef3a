r"""People of NTU RGB+D, cut out of its videos: 106 performers in some 900 outfits and rooms.

NTU RGB+D publishes videos of actions; clothes-changing work takes the middle frame of each and cuts
the person out (the box of the mask, ten pixels wider). The crops keep the names of the videos, in
their folders (or without them), below the root::

    P001/A001/C003/S001C003P001R001A001_rgb.png

A name says which set-up (``S``: a room and a day, which count as an outfit: ``clothes_id``), which
of three cameras that run at once (``C``), who (``P``), which repetition (``R``) and which action
(``A``). The set-ups of a person differ in clothes more often than not; nobody labelled them.

Three cameras see the same moment, so the published use puts the action where the camera stands:
matches must come from another action. ``camid=camera`` puts the real camera there, which is kept in
a column ``camera`` in any case. All images are training images; ``as_query_gallery`` or
``split_identities`` make a test of them. ``subset`` names a text file with the paths of the videos
(or crops) to take, as it is published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import quoted, read_lines
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["NTU_NAMES", "read_ntu"]

NTU_NAMES = NameGrammar(
    r"(?:[^/\s]+/){0,8}S(?P<clothes_id>\d{1,9})C(?P<camera>\d{1,9})P(?P<pid>\d{1,9})"
    r"R(?P<repetition>\d{1,9})A(?P<action>\d{1,9})(?:_rgb)?",
    "P001/A001/C003/S001C003P001R001A001_rgb.png",
    "set-up, camera, person, repetition, action",
)
"""How crops of NTU RGB+D are named, with the folders where there are any."""


@register_dataset(
    DatasetInfo(
        name="ntu",
        url="https://rose1.ntu.edu.sg/dataset/actionRecognition/",
        licence="academic use only, after a signed release agreement",
        citation="Liu et al., NTU RGB+D 120: A Large-Scale Benchmark for 3D Human Activity "
        "Understanding, TPAMI 2020",
        note="people cut out of its videos; nobody publishes the crops; has outfits by set-up "
        "(clothes_id)",
    )
)
def read_ntu(
    root: Path,
    *,
    camid: Literal["action", "camera"] = "action",
    subset: Path | None = None,
) -> Records:
    """Read crops of NTU RGB+D (see the module).

    Args:
        root: the folder of the crops.
        camid: what stands for the camera.
        subset: a text file with a path a line, of which the names count; all crops by default.

    Raises:
        ValueError: there are no images, a name does not fit, or one of the subset is missing.
    """
    table = NTU_NAMES.read(root, "", below=True)
    if subset is not None:
        table = table[_chosen(table["path"], subset.expanduser())]
    table = table.drop(columns="repetition").assign(camid=table[camid], split="train")
    return Records(table.reset_index(drop=True), root)


def _chosen(paths: pd.Series[str], subset: Path) -> pd.Series[bool]:
    stems = paths.map(_stem)
    wanted = {_stem(line.replace("\\", "/")) for _, line in read_lines(subset)}
    missing = sorted(wanted - set(stems))
    if missing or not wanted:
        raise ValueError(
            f"{len(missing)} of {len(wanted)} names in {subset} have no image: {quoted(missing)}"
        )
    return stems.isin(wanted)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].upper()
