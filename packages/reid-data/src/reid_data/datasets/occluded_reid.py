r"""Occluded-REID: 200 people, five times half hidden and five times whole.

The layout, below the root or below one of the folder names that people give it::

    occluded_body_images/001/001_01.tif    the queries
    whole_body_images/001/001_01.tif       the gallery

A name says who and which image. Copies in JPEG or PNG, or without the identities' folders, are read
too.

The protocol: rank the whole gallery for each query; nothing is trained. The camera was carried
about, so ``camid`` is unknown, and an unknown camera never equals another. (Published readers give
camera 0 to all queries and 1 to the gallery, which comes to the same.)
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["OCCLUDED_REID_NAMES", "read_occluded_reid"]

OCCLUDED_REID_NAMES = NameGrammar(
    r"(?:[^/\s]+/)?(?P<pid>\d{1,9})_(?P<image>\d{1,9})", "001/001_01.tif", "identity, image"
)
"""How Occluded-REID names images, with the folder of the identity where there is one."""

_SPLITS = {"occluded_body_images": "query", "whole_body_images": "gallery"}


@register_dataset(
    DatasetInfo(
        name="occluded_reid",
        url="https://github.com/tinajia2012/ICME2018_Occluded-Person-Reidentification_datasets",
        licence="academic use only",
        citation="Zhuo et al., Occluded Person Re-identification, ICME 2018",
        counts={"query": (200, 1000), "gallery": (200, 1000)},
        note="test only; no cameras",
    )
)
def read_occluded_reid(root: Path) -> Records:
    """Read Occluded-REID (see the module) from its folder or the one above.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    home = find_home(root, _SPLITS, aliases=("Occluded_REID", "Occluded_ReID", "OccludedREID"))
    parts = [
        OCCLUDED_REID_NAMES.read(home, folder, below=True).assign(split=split)
        for folder, split in _SPLITS.items()
    ]
    return Records(pd.concat(parts, ignore_index=True).drop(columns="image"), home)
