r"""MSMT17: people on a campus, by 12 cameras outdoors and 3 indoors, on four days of a month.

The layout of version 1, below the root or below one of the folder names that people give it::

    MSMT17_V1/train/0000/0000_000_01_0303morning_0008_0.jpg
    MSMT17_V1/test/0000/0000_003_01_0303morning_0006_1.jpg
    MSMT17_V1/list_train.txt list_val.txt list_query.txt list_gallery.txt

In version 2, with masked faces, the folders are ``MSMT17_V2/mask_train_v2`` and ``mask_test_v2``,
and names end in ``_ex``. A line of a list is a path below its folder and an identity, for example
``0000/0000_000_01_0303morning_0008_0.jpg 0``. A name says who (``0000``, numbered from 0 anew in
the test set), which image of the person, which camera (``01`` to ``15``), the day and the time of
day (``0303morning``), the frame and the box.

The protocol: rank the gallery for each query, without the images of the query's person from the
query's camera. ``list_val.txt`` holds a twelfth of the training images, of the same identities as
``list_train.txt``; the published 32,621 training images are both together.

Here, test identities are 10,000 more than in the list, because the same number in train and test
means two people. The day and the time of day are kept in a column ``session``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.name_lists import read_name_list
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["MSMT17_NAMES", "TEST_PID_OFFSET", "read_msmt17"]

MSMT17_NAMES = NameGrammar(
    r"(?:[^/\s]+/)?(?P<pid>\d{1,9})_\d{1,9}_(?P<camid>\d{1,9})_(?P<session>\d{4}[a-z]{1,20})"
    r"_(?P<frame>\d{1,18})_(?P<box>\d{1,9})(?:_[a-z]{1,9})?",
    "0000/0000_000_01_0303morning_0008_0.jpg",
    "identity, image, camera, day and time of day, frame, box",
    texts=("session",),
)
"""How MSMT17 names images, with the folder that its lists put before."""

TEST_PID_OFFSET = 10_000
"""What is added to the identities of the test set."""

_FOLDERS = {"v1": ("train", "test"), "v2": ("mask_train_v2", "mask_test_v2")}
_ALIASES = {
    "v1": ("MSMT17_V1", "msmt17/MSMT17_V1", "msmt17", "MSMT17"),
    "v2": ("MSMT17_V2", "msmt17/MSMT17_V2", "msmt17", "MSMT17"),
}


@register_dataset(
    DatasetInfo(
        name="msmt17",
        url="https://www.pkuvmc.com/dataset.html",
        licence="academic use only, after a signed release agreement",
        citation="Wei et al., Person Transfer GAN to Bridge Domain Gap for Person "
        "Re-Identification, CVPR 2018",
        counts={
            "train+val": (1041, 32621),
            "query": (3060, 11659),
            "gallery": (3060, 82161),
        },
        note="version 1 is no longer given out; version 2 is the same with masked faces",
    )
)
def read_msmt17(
    root: Path,
    *,
    version: Literal["v1", "v2"] | None = None,
    val: Literal["apart", "train"] = "apart",
) -> Records:
    """Read MSMT17 (see the module) from its folder or the one above.

    Args:
        root: the folder.
        version: ``v1`` or ``v2``; by default the one that is there, and v1 of both.
        val: leave the validation images ``apart`` in split val, or count them to ``train``, as
            most published results do.

    Raises:
        ValueError: a folder or list is missing, or a line does not fit.
    """
    home, train, test = _find(root, version)
    parts = [
        _read_list(home, "list_train.txt", train, "train"),
        _read_list(home, "list_val.txt", train, "val" if val == "apart" else "train"),
        _read_list(home, "list_query.txt", test, "query"),
        _read_list(home, "list_gallery.txt", test, "gallery"),
    ]
    return Records(pd.concat(parts, ignore_index=True), home)


def _find(root: Path, version: Literal["v1", "v2"] | None) -> tuple[Path, str, str]:
    wanted = [version] if version else list(_FOLDERS)
    problems = []
    for each in wanted:
        try:
            home = find_home(root, (*_FOLDERS[each], "list_train.txt"), aliases=_ALIASES[each])
        except ValueError as error:
            problems.append(str(error))
        else:
            return home, *_FOLDERS[each]
    raise ValueError("; nor version 2: ".join(problems))


def _read_list(home: Path, name: str, folder: str, split: str) -> pd.DataFrame:
    names, (pids,) = read_name_list(home / name, ("identity",))
    table = MSMT17_NAMES.table(home, names, folder=folder)
    # The list has the last word on who somebody is.
    table["pid"] = pids
    if split in ("query", "gallery"):
        table["pid"] += TEST_PID_OFFSET
    return table.assign(split=split)
