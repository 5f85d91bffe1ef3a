r"""MOT17 as a re-identification set: pedestrians cut out of its videos.

The layout is that of Market-1501, below the root or below one of the folder names that people give
it; nobody publishes the crops::

    bounding_box_train/0002_c1s1_000451_03.jpg
    query/...  bounding_box_test/...

A name begins with who (``0002``); what follows differs from copy to copy: the number of the video
behind ``c`` or ``s``, the frame and the box, of which any may be missing.

Each person is seen by one camera only, so cameras are no help: ``camid`` is unknown, and an unknown
camera never equals another. (Published readers give camera 0 to all queries and 1 to the gallery,
which comes to the same.) The protocol ranks the whole gallery for each query.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["MOT17_REID_NAMES", "read_mot17_reid"]

MOT17_REID_NAMES = NameGrammar(
    r"(?P<pid>-[12]|\d{1,9})(?:_c(?P<sequence>\d{1,9})(?:s\d{1,9})?)?"
    r"(?:_f?(?P<frame>\d{1,18}))?(?:_(?P<box>\d{1,9}))?",
    "0002_c1s1_000451_03.jpg",
    "identity, then video, frame and box where known",
)
"""How copies of MOT17 in this layout name images."""

_SPLITS = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}


@register_dataset(
    DatasetInfo(
        name="mot17_reid",
        url="https://motchallenge.net/data/MOT17/",
        licence="CC BY-NC-SA 3.0",
        citation="Milan et al., MOT16: A Benchmark for Multi-Object Tracking, arXiv 1603.00831",
        note="people cut out of MOT17's videos; nobody publishes the crops; no cameras",
    )
)
def read_mot17_reid(root: Path) -> Records:
    """Read MOT17's crops (see the module) from their folder or the one above.

    Images without an identity (pid 0, -1 and -2) are left out of train and query; in the gallery
    0 is a distractor and the others are junk.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    home = find_home(root, _SPLITS, aliases=("MOT17_reid", "MOT17-reid", "mot17_reid"))
    parts = [
        MOT17_REID_NAMES.read(home, folder).assign(split=split) for folder, split in _SPLITS.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    answers = table["split"] == "gallery"
    table.loc[answers & (table["pid"] == 0), "split"] = "distractor"
    table.loc[answers & (table["pid"] < 0), "split"] = "junk"
    return Records(table[(table["pid"] > 0) | ~table["split"].isin(("train", "query"))], home)
