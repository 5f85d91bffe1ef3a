r"""LTCC: people in several outfits, indoors, by 12 cameras over two months.

The layout, below the root or below one of the folder names that people give it::

    train/000_1_c10_001003.png
    query/001_1_c11_015833.png
    test/001_1_c11_015822.png      the gallery

A name says who (``000``), which outfit of theirs (``1``), which camera (``c10``: two digits occur)
and which frame. Outfits are numbered anew for each person; here that number is the ``clothes_id``.

The protocol: rank the gallery for each query; the standard setting drops the images of the query's
person from the query's camera, the clothes-changing one also those in the query's outfit. Published
readers search the whole path for the outfit, so that a folder such as ``my_cc`` changes it; here
only the file's name is read.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["LTCC_NAMES", "read_ltcc"]

LTCC_NAMES = NameGrammar(
    r"(?P<pid>\d{1,9})_(?P<clothes_id>\d{1,9})_c(?P<camid>\d{1,9})_(?P<frame>\d{1,18})",
    "000_1_c10_001003.png",
    "identity, outfit, camera, frame",
)
"""How LTCC names images."""

_SPLITS = {"train": "train", "query": "query", "test": "gallery"}


@register_dataset(
    DatasetInfo(
        name="ltcc",
        url="https://naiq.github.io/LTCC_Perosn_ReID.html",
        licence="academic use only, after a signed release agreement",
        citation="Qian et al., Long-Term Cloth-Changing Person Re-identification, ACCV 2020",
        counts={"train": (77, 9576), "query": (75, 493), "gallery": (75, 7050)},
        note="has outfits (clothes_id)",
    )
)
def read_ltcc(root: Path) -> Records:
    """Read LTCC (see the module) from its folder or the one above.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    home = find_home(root, _SPLITS, aliases=("LTCC_ReID", "LTCC-reID", "LTCC", "ltcc"))
    parts = [LTCC_NAMES.read(home, folder).assign(split=split) for folder, split in _SPLITS.items()]
    return Records(pd.concat(parts, ignore_index=True), home)
