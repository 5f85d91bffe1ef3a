r"""PRCC: people seen by three cameras, who changed clothes before the third.

The layout, below the root or below one of the folder names that people give it::

    rgb/train/005/A_cropped_rgb001.jpg         one folder an identity
    rgb/val/005/B_cropped_rgb002.jpg           further images of the training identities
    rgb/test/A/008/cropped_rgb003.jpg          one folder a camera, then one an identity

Here cameras A, B and C are 1, 2 and 3. People wear the same in A and B (``clothes_id`` 0) and
something else in C (``clothes_id`` 1).

The protocol: camera A of the test set is the gallery; camera C asks in the clothes-changing
setting, camera B in the same-clothes one. All images of A are ranked ("all-shot"); one image per
person drawn at random ("single-shot") is what older papers report. The sketches are not read.
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

__all__ = ["PRCC_TEST_NAMES", "PRCC_TRAIN_NAMES", "read_prcc"]

PRCC_TRAIN_NAMES = NameGrammar(
    r"(?P<pid>\d{1,9})/(?P<camera>[ABC])_cropped_rgb(?P<frame>\d{1,18})",
    "005/A_cropped_rgb001.jpg",
    "identity, camera, frame",
    texts=("camera",),
)
"""How PRCC names images in ``train`` and ``val``, with the folder of the identity."""

PRCC_TEST_NAMES = NameGrammar(
    r"(?P<camera>[ABC])/(?P<pid>\d{1,9})/cropped_rgb(?P<frame>\d{1,18})",
    "A/008/cropped_rgb003.jpg",
    "camera, identity, frame",
    texts=("camera",),
)
"""How PRCC names images in ``test``, with the folders of the camera and the identity."""

_CAMERAS = {"A": 1, "B": 2, "C": 3}
_CLOTHES = {"A": 0, "B": 0, "C": 1}
_QUERY_COUNTS = {"changed": (71, 3543), "same": (71, 3873), "both": (71, 7416)}
_ASKING = {"changed": ("C",), "same": ("B",), "both": ("B", "C")}
_INFO = DatasetInfo(
    name="prcc",
    url="https://www.isee-ai.cn/~yangqize/clothing.html",
    licence="academic use only",
    citation="Yang, Wu and Zheng, Person Re-identification by Contour Sketch under Moderate "
    "Clothing Change, TPAMI 2021",
    counts={
        "train": (150, 17896),
        "val": (150, 5002),
        "query": _QUERY_COUNTS["changed"],
        "gallery": (71, 3384),
    },
    note="has outfits (clothes_id)",
)


@register_dataset(_INFO)
def read_prcc(root: Path, *, query: Literal["changed", "same", "both"] = "changed") -> Records:
    """Read PRCC (see the module) from its folder or the one above or below.

    Args:
        root: the folder.
        query: which images ask: ``changed`` those of camera C, in other clothes than the gallery;
            ``same`` those of B; or ``both``.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    aliases = ("rgb", "prcc/rgb", "PRCC/rgb", "prcc", "PRCC")
    home = find_home(root, ("train", "val", "test/A", "test/B", "test/C"), aliases=aliases)
    parts = [
        PRCC_TRAIN_NAMES.read(home, "train", below=True).assign(split="train"),
        PRCC_TRAIN_NAMES.read(home, "val", below=True).assign(split="val"),
        _test(PRCC_TEST_NAMES.read(home, "test", below=True), _ASKING[query]),
    ]
    table = pd.concat(parts, ignore_index=True)
    camera = table.pop("camera").str.upper()
    table["camid"] = camera.map(_CAMERAS)
    table["clothes_id"] = camera.map(_CLOTHES)
    counts = {**_INFO.counts, "query": _QUERY_COUNTS[query]}
    return Records(table, home, replace(_INFO, counts=counts))


def _test(table: pd.DataFrame, asking: tuple[str, ...]) -> pd.DataFrame:
    camera = table["camera"].str.upper()
    table["split"] = camera.map({"A": "gallery"} | dict.fromkeys(asking, "query"))
    return table[table["split"].notna()]
