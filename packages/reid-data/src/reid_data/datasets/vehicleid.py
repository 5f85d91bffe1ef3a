r"""VehicleID (PKU): vehicles seen from the front or the back, by cameras that nobody named.

The layout, below the root or below one of the folder names that people give it::

    image/0000001.jpg
    train_test_split/train_list.txt            lines "<name without ending> <vehicle>"
    train_test_split/test_list_800.txt         and 1600, 2400: three test sets, each in the next

The protocol: one image per vehicle, drawn at random, is the gallery and all others ask; there are
no cameras, so ``camid`` is unknown, and an unknown camera never equals another. Results are means
over several draws: take ``split`` 0, 1, 2 ...; the same seed and split draw the same images.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from reid_data.datasets.draws import draw_one_each
from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.name_lists import read_name_list
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["VEHICLEID_NAMES", "read_vehicleid"]

VEHICLEID_NAMES = NameGrammar(r"(?P<image>\d{1,18})", "0000001.jpg", "image")
"""How VehicleID names images."""

_TRAIN = (13164, 113346)
_TEST_IMAGES = {800: 6493, 1600: 13377, 2400: 19777}
_INFO = DatasetInfo(
    name="vehicleid",
    url="https://pkuml.org/resources/pku-vehicleid.html",
    licence="academic use only, after a signed release agreement",
    citation="Liu et al., Deep Relative Distance Learning: Tell the Difference Between Similar "
    "Vehicles, CVPR 2016",
    counts={"train": _TRAIN},
    note="vehicles without cameras: rank without a camera filter, as mean over several splits",
)


@register_dataset(_INFO)
def read_vehicleid(
    root: Path, *, size: Literal[800, 1600, 2400] = 800, split: int = 0, seed: int = 0
) -> Records:
    """Read VehicleID (see the module) from its folder or the one above.

    Args:
        root: the folder.
        size: how many vehicles to test.
        split: which of the draws, from 0.
        seed: another series of draws.

    Raises:
        ValueError: a folder or list is missing, or a line does not fit.
    """
    lists = ("train_test_split/train_list.txt", f"train_test_split/test_list_{size}.txt")
    aliases = ("VehicleID_V1.0", "VehicleID", "vehicleid")
    home = find_home(root, ("image", *lists), aliases=aliases)
    train = _read_list(home, lists[0]).assign(split="train")
    test = _read_list(home, lists[1])
    shown = draw_one_each(test["pid"], seed=seed, split=split)
    test["split"] = np.where(shown, "gallery", "query")
    images = _TEST_IMAGES[size]
    counts = {"train": _TRAIN, "gallery": (size, size), "query+gallery": (size, images)}
    table = pd.concat([train, test], ignore_index=True)
    return Records(table, home, replace(_INFO, counts=counts))


def _read_list(home: Path, name: str) -> pd.DataFrame:
    names, (vehicles,) = read_name_list(home / name, ("vehicle",))
    # The published lists leave the ending out; some copies have it.
    files = [each if Path(each).suffix else f"{each}.jpg" for each in names]
    table = VEHICLEID_NAMES.table(home, files, folder="image").drop(columns="image")
    return table.assign(pid=vehicles)
