r"""CCVID: walking people in several outfits, tracklets from the side and the front.

The layout, below the root or below one of the folder names that people give it::

    session1/001_01/00001.jpg     identity 001, take 01, frame 1
    train.txt                     lines "session1/001_01<tab>001<tab>u0_l0_s0_c0_a0"
    query.txt
    gallery.txt

A line says which tracklet, who, and what is worn (upper, lower, shoes, carried, accessory).

The protocol: rank the gallery for each query; the general setting drops the tracklets of the
query's person from the query's camera, the clothes-changing one also those in the query's clothes.
The take stands for the camera, and takes of session 3 count from 13 on, as they were made on
another day with the same numbers. ``clothes_id`` numbers the outfits of each person through.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from reid_data.datasets.frames import tracklet_table
from reid_data.datasets.listing import find_home, read_lines
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["parse_ccvid_line", "read_ccvid"]

_LINE = re.compile(
    r"(?P<folder>session(?P<session>\d{1,4})[/\\](?P<inner>\d{1,9}_(?P<take>\d{1,9})))\s+"
    r"(?P<pid>\d{1,9})\s+(?P<clothes>\S{1,100})",
    re.ASCII,
)
_SPLITS = ("train", "query", "gallery")
_OTHER_DAY, _TAKES = 3, 12
_COLUMNS = ("pid", "camid", "sequence", "clothes", "split")


@register_dataset(
    DatasetInfo(
        name="ccvid",
        url="https://github.com/guxinqian/Simple-CCReID",
        licence="research; see the page (people of the FVG data set)",
        citation="Gu et al., Clothes-Changing Person Re-identification with RGB Modality Only, "
        "CVPR 2022",
        counts={"train+query+gallery": (226, 347833)},
        note="has outfits (clothes_id) and tracklets",
    )
)
def read_ccvid(root: Path) -> Records:
    """Read CCVID (see the module) from its folder or the one above.

    Raises:
        ValueError: a list or a tracklet is missing or empty, or a line does not fit.
    """
    home = find_home(root, [f"{split}.txt" for split in _SPLITS], aliases=("CCVID", "ccvid"))
    tracklets: list[tuple[str, dict[str, object]]] = []
    for split in _SPLITS:
        path = home / f"{split}.txt"
        before = len(tracklets)
        for number, text in read_lines(path):
            try:
                folder, common = parse_ccvid_line(text)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
            tracklets.append((folder, {**common, "split": split}))
        if len(tracklets) == before:
            raise ValueError(f"{path} is empty; expected a tracklet a line")
    table = tracklet_table(home, tracklets, columns=_COLUMNS)
    outfits = pd.MultiIndex.from_frame(table[["pid", "clothes"]])
    return Records(table.assign(clothes_id=outfits.factorize(sort=True)[0]), home)


def parse_ccvid_line(text: str) -> tuple[str, dict[str, object]]:
    r"""The folder of a tracklet, and its pid, camid, sequence (session) and clothes.

    Raises:
        ValueError: the line does not fit.

    Examples:
        >>> parse_ccvid_line("session3/001_02\t001\tu0_l0_s0_c0_a0")[1]["camid"]
        14
    """
    match = _LINE.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f'expected a line like "session1/001_01 001 u0_l0_s0_c0_a0", came {text!r:.120}'
        )
    session = int(match["session"])
    return f"session{match['session']}/{match['inner']}", {
        "pid": int(match["pid"]),
        "camid": int(match["take"]) + (_TAKES if session == _OTHER_DAY else 0),
        "sequence": session,
        "clothes": match["clothes"],
    }
