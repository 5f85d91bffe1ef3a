r"""VeRi-776: vehicles in city traffic, by 20 cameras.

The layout, below the root or below one of the folder names that people give it::

    image_train/0001_c001_00016450_0.jpg
    image_query/0002_c002_00030600_0.jpg
    image_test/0002_c002_00030600_0.jpg        the gallery

A name says which vehicle (``0001``), which camera (``c001``), which frame and which box of it.

The protocol: rank the gallery for each query, without the images of the query's vehicle from the
query's camera (the queries themselves are in the gallery, and drop out this way). Identities of
train and test differ.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["VERI_NAMES", "read_veri776"]

VERI_NAMES = NameGrammar(
    r"(?P<pid>\d{1,9})_c(?P<camid>\d{1,9})_(?P<frame>\d{1,18})_(?P<box>\d{1,9})",
    "0001_c001_00016450_0.jpg",
    "vehicle, camera, frame, box",
)
"""How VeRi-776 names images."""

_SPLITS = {"image_train": "train", "image_query": "query", "image_test": "gallery"}


@register_dataset(
    DatasetInfo(
        name="veri776",
        url="https://github.com/JDAI-CV/VeRidataset",
        licence="non-commercial research, on request",
        citation="Liu et al., PROVID: Progressive and Multimodal Vehicle Reidentification for "
        "Large-Scale Urban Surveillance, TMM 2018",
        counts={"train": (576, 37778), "query": (200, 1678), "gallery": (200, 11579)},
        note="vehicles",
    )
)
def read_veri776(root: Path) -> Records:
    """Read VeRi-776 (see the module) from its folder or the one above.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    home = find_home(root, _SPLITS, aliases=("VeRi", "veri", "VeRi-776", "VeRi776"))
    parts = [VERI_NAMES.read(home, folder).assign(split=split) for folder, split in _SPLITS.items()]
    return Records(pd.concat(parts, ignore_index=True), home)
