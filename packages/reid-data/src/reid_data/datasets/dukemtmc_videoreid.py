r"""DukeMTMC-VideoReID: tracklets of DukeMTMC, drawn by hand. Withdrawn by its university in 2019.

The layout, below the root or below one of the folder names that people give it::

    train/0001/0000/0001C6F0001X30823.jpg      identity, then tracklet
    query/0005/0001/0005_C1_F0001_X48560.jpg   an older release has underscores
    gallery/...

A name says who (``0001``), which camera (``C6``), which frame of the tracklet (``F0001``) and which
frame of the video (``X30823``); ``frame`` is the latter, so tracklets of a camera share one clock.

The protocol: rank the gallery for each query, without the tracklets of the query's person from the
query's camera. Published: 2,196 tracklets to train, 702 queries, 2,636 in the gallery, of which
those of 408 people are distractors (they are in split gallery, as they have identities).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["DUKE_VIDEO_NAMES", "read_dukemtmc_videoreid"]

DUKE_VIDEO_NAMES = NameGrammar(
    r"(?P<person>\d{1,9})/(?P<track>\d{1,9})/"
    r"(?P<pid>\d{1,9})_?C(?P<camid>\d{1,2})_?F(?P<place>\d{1,9})_?X(?P<frame>\d{1,18})",
    "0001/0000/0001C6F0001X30823.jpg",
    "identity/tracklet/identity, camera, frame of the tracklet, frame of the video",
)
"""How DukeMTMC-VideoReID names images, with their folders."""

_SPLITS = ("train", "query", "gallery")


@register_dataset(
    DatasetInfo(
        name="dukemtmc_videoreid",
        url="https://github.com/Yu-Wu/DukeMTMC-VideoReID",
        licence="CC BY-NC-SA 4.0, of a data set that was withdrawn",
        citation="Wu et al., Exploit the Unknown Gradually: One-Shot Video-Based Person "
        "Re-Identification by Stepwise Learning, CVPR 2018",
        counts={"train": (702, 369656)},
        note="withdrawn by its owner in 2019; for those who have it",
    )
)
def read_dukemtmc_videoreid(root: Path) -> Records:
    """Read DukeMTMC-VideoReID (see the module) from its folder or the one above.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit or contradicts its folder.
    """
    home = find_home(root, _SPLITS, aliases=("DukeMTMC-VideoReID", "dukemtmc-vidreid"))
    parts = [
        DUKE_VIDEO_NAMES.read(home, split, below=True).assign(split=split) for split in _SPLITS
    ]
    table = pd.concat(parts, ignore_index=True)
    wrong = table["person"] != table["pid"]
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum())} images in {home} lie in another identity's folder than their name "
            f"says, first {table.loc[wrong, 'path'].iloc[0]}"
        )
    keys = ["split", "pid", "camid", "track"]
    order = table["split"].map({split: at for at, split in enumerate(_SPLITS)})
    table = (
        table.assign(order=order)
        .sort_values(["order", "pid", "track", "place"], kind="stable", ignore_index=True)
        .drop(columns=["order", "place"])
    )
    table["tracklet"] = table.groupby(keys, sort=False).ngroup()
    return Records(table.drop(columns=["person", "track"]), home)
