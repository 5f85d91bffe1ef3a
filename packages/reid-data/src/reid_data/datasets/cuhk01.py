r"""CUHK01: people on a campus, twice by each of two cameras.

The layout, below the root or below one of the folder names that people give it::

    campus/0001001.png    identity 1, image 1 of 4: images 1 and 2 are of camera 1, 3 and 4 of 2

There are no published divisions. The protocols test 100 identities (deep networks) or 485 or 486
(older work), drawn at random, and average over 10 draws: take ``split`` 0 to 9. The same seed and
split draw the same people, also in training and later testing; the published code draws them anew
in each run, so that it tests on people it has trained on.

All images of camera 1 ask, all of camera 2 answer (two true matches for each query).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from reid_data.datasets.draws import draw_identities
from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_images
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["CUHK01_NAMES", "read_cuhk01"]

CUHK01_NAMES = NameGrammar(
    r"(?P<pid>\d{4})(?P<image>\d{3})", "0001003.png", "identity of 4 digits, image of 3"
)
"""How CUHK01 names images."""

_PEOPLE = 971
_INFO = DatasetInfo(
    name="cuhk01",
    url="https://www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html",
    licence="academic use only, on request",
    citation="Li, Zhao and Wang, Human Reidentification with Transferred Metric Learning, "
    "ACCV 2012",
    counts={"train+query+gallery": (_PEOPLE, 4 * _PEOPLE)},
    note="seeded random splits; report the mean over split=0 to 9",
)


@register_dataset(_INFO)
def read_cuhk01(
    root: Path, *, test: Literal[100, 485, 486] = 100, split: int = 0, seed: int = 0
) -> Records:
    """Read CUHK01 (see the module) from its folder or one above.

    Args:
        root: the folder.
        test: how many identities to test.
        split: which of the draws, from 0.
        seed: another series of draws.

    Raises:
        ValueError: there are no images, a name does not fit, or there are too few identities.
    """
    home = find_images(root, aliases=("campus", "cuhk01", "cuhk01/campus", "CUHK01"))
    table = CUHK01_NAMES.read(home, "")
    table["camid"] = (table.pop("image") - 1) // 2 + 1
    strange = table[~table["camid"].isin((1, 2))]
    if len(strange):
        raise ValueError(
            f"expected images 1 to 4 of each identity in {home}; came {strange['path'].iloc[0]}"
        )
    tested = table["pid"].isin(draw_identities(table["pid"], test, seed=seed, split=split))
    role = np.where(table["camid"] == 1, "query", "gallery")
    table["split"] = np.where(tested, role, "train")
    counts = {
        "train": (_PEOPLE - test, 4 * (_PEOPLE - test)),
        "query": (test, 2 * test),
        "gallery": (test, 2 * test),
    }
    return Records(table, home, replace(_INFO, counts=counts))
