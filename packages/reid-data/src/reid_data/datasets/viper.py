r"""VIPeR: 632 people, once by each of two cameras, from different sides.

The layout, below the root or below one of the folder names that people give it::

    cam_a/000_45.bmp     who (000), and from which side, in degrees
    cam_b/000_90.bmp

There are no published divisions. The protocol draws half of the people at random to train and tests
the others, camera A against B and then B against A, as mean over 10 draws: take ``split`` 0 to 9.
The same seed and split draw the same people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from reid_data.datasets.draws import draw_identities
from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["VIPER_NAMES", "read_viper"]

VIPER_NAMES = NameGrammar(
    r"(?P<pid>\d{1,9})_(?P<angle>\d{1,9})", "000_45.bmp", "identity, viewing angle"
)
"""How VIPeR names images."""

_CAMERAS = {"cam_a": 1, "cam_b": 2}


@register_dataset(
    DatasetInfo(
        name="viper",
        url="https://vision.soe.ucsc.edu/node/178",
        licence="no licence text is published; offered by its authors for academic research",
        citation="Gray, Brennan and Tao, Evaluating Appearance Models for Recognition, "
        "Reacquisition, and Tracking, PETS 2007",
        counts={"train": (316, 632), "query": (316, 316), "gallery": (316, 316)},
        note="seeded random splits; report the mean over split=0 to 9 and both query cameras",
    )
)
def read_viper(
    root: Path, *, query: Literal["cam_a", "cam_b"] = "cam_a", split: int = 0, seed: int = 0
) -> Records:
    """Read VIPeR (see the module) from its folder or one above.

    Args:
        root: the folder.
        query: the camera that asks.
        split: which of the draws, from 0.
        seed: another series of draws.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    home = find_home(root, _CAMERAS, aliases=("VIPeR", "viper/VIPeR", "viper"))
    parts = [
        VIPER_NAMES.read(home, folder).assign(camid=camera) for folder, camera in _CAMERAS.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    half = (table["pid"].nunique() + 1) // 2
    tested = table["pid"].isin(draw_identities(table["pid"], half, seed=seed, split=split))
    role = np.where(table["camid"] == _CAMERAS[query], "query", "gallery")
    table["split"] = np.where(tested, role, "train")
    return Records(table, home)
