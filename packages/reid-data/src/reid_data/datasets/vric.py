r"""VRIC: vehicles in poor pictures: small, blurred, by day and night, by 60 cameras.

The layout, below the root or below one of the folder names that people give it::

    train_images/MVI_40172_101_img02185.jpg    vric_train.txt
    probe_images/...                           vric_probe.txt
    gallery_images/...                         vric_gallery.txt

A line of a list is a file, a vehicle and a camera: ``MVI_40172_101_img02185.jpg 1249 58``. A name
says which video, which track of the video and which frame; the video is the ``sequence``. The same
number in train and test means two vehicles: here, test identities are 10,000 more than in the list.

The protocol: rank the gallery (one image a vehicle) for each query (one image a vehicle), without
the images of the query's vehicle from the query's camera.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.name_lists import read_name_list
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["TEST_PID_OFFSET", "VRIC_NAMES", "read_vric"]

VRIC_NAMES = NameGrammar(
    r"[a-z]+_(?P<sequence>\d{1,9})_(?P<track>\d{1,9})_img(?P<frame>\d{1,18})",
    "MVI_40172_101_img02185.jpg",
    "video, track, frame",
)
"""How VRIC names images."""

TEST_PID_OFFSET = 10_000
"""What is added to the identities of the test set."""

_SPLITS = {"train": "train", "probe": "query", "gallery": "gallery"}


@register_dataset(
    DatasetInfo(
        name="vric",
        url="https://qmul-vric.github.io/",
        licence="academic use only",
        citation="Kanaci, Zhu and Gong, Vehicle Re-Identification in Context, GCPR 2018",
        counts={"train": (2811, 54808), "query": (2811, 2811), "gallery": (2811, 2811)},
        note="vehicles",
    )
)
def read_vric(root: Path) -> Records:
    """Read VRIC (see the module) from its folder or the one above.

    Raises:
        ValueError: a folder or list is missing, or a line does not fit.
    """
    needed = [name for each in _SPLITS for name in (f"{each}_images", f"vric_{each}.txt")]
    home = find_home(root, needed, aliases=("vric", "VRIC"))
    parts = [_read_list(home, each).assign(split=split) for each, split in _SPLITS.items()]
    return Records(pd.concat(parts, ignore_index=True), home)


def _read_list(home: Path, each: str) -> pd.DataFrame:
    names, (vehicles, cameras) = read_name_list(home / f"vric_{each}.txt", ("vehicle", "camera"))
    table = VRIC_NAMES.table(home, names, folder=f"{each}_images").drop(columns="track")
    table = table.assign(pid=vehicles, camid=cameras)
    table["pid"] += 0 if each == "train" else TEST_PID_OFFSET
    return table
