r"""VC-Clothes: rendered people (of the game GTA 5) in one to three outfits, by four cameras.

The layout, below the root or below one of the folder names that people give it::

    train/001-01-01-01.jpg
    query/005-03-02-01.jpg
    gallery/005-04-01-02.jpg

A name says who (``001``), which camera, which outfit of theirs (``clothes_id``) and which image.
Nobody changes between cameras 2 and 3, everybody between 3 and 4.

The protocols: ``all`` cameras; ``sc``, same clothes, cameras 2 and 3; ``cc``, changed clothes,
cameras 3 and 4. In each, the images of the query's person from the query's camera are dropped. The
training set is always whole.
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

__all__ = ["VC_CLOTHES_NAMES", "read_vc_clothes"]

VC_CLOTHES_NAMES = NameGrammar(
    r"(?P<pid>\d{1,9})-(?P<camid>\d{1,9})-(?P<clothes_id>\d{1,9})-(?P<image>\d{1,9})",
    "005-03-02-01.jpg",
    "identity, camera, outfit, image",
)
"""How VC-Clothes names images."""

_SPLITS = ("train", "query", "gallery")
_CAMERAS = {"all": (1, 2, 3, 4), "sc": (2, 3), "cc": (3, 4)}
_INFO = DatasetInfo(
    name="vc_clothes",
    url="https://wanfb.github.io/dataset.html",
    licence="no licence text is published; offered by its authors for academic research",
    citation="Wan et al., When Person Re-identification Meets Changing Clothes, "
    "CVPR Workshops 2020",
    counts={"train": (256, 9449), "query": (256, 1020), "gallery": (256, 8591)},
    note="rendered people; has outfits (clothes_id)",
)


@register_dataset(_INFO)
def read_vc_clothes(root: Path, *, protocol: Literal["all", "sc", "cc"] = "all") -> Records:
    """Read VC-Clothes (see the module) from its folder or the one above.

    Args:
        root: the folder.
        protocol: which cameras are tested.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    home = find_home(root, _SPLITS, aliases=("VC-Clothes", "VC_Clothes", "vc_clothes"))
    parts = [VC_CLOTHES_NAMES.read(home, split).assign(split=split) for split in _SPLITS]
    table = pd.concat(parts, ignore_index=True).drop(columns="image")
    kept = table["camid"].isin(_CAMERAS[protocol]) | (table["split"] == "train")
    if protocol == "all":
        return Records(table, home)
    counts = {"train": _INFO.counts["train"]}
    return Records(table[kept], home, replace(_INFO, counts=counts))
