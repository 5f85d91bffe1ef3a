r"""Celeb-reID: celebrities in street snapshots, hardly ever twice in the same clothes.

The layout, below the root or below one of the folder names that people give it::

    train/1_1_0.jpg
    query/7_12_0.jpg
    gallery/7_3_0.jpg

A name says who (``1``), which image of theirs (``12``) and a flag. The pictures come from
magazines: there is no camera, so ``camid`` is unknown, and an unknown camera never equals another.
The published readers take the first digit of the image's number for a camera, which joins images 1
and 10 to 19 into one and drops true matches; here nothing is dropped. Nobody labelled the clothes,
and nearly all differ: each image counts as an outfit of its own (``clothes_id``).

The protocol: rank the whole gallery for each query; the clothes-changing setting is the same.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["CELEB_NAMES", "read_celeb_reid"]

CELEB_NAMES = NameGrammar(
    r"(?P<pid>\d{1,9})_(?P<image>\d{1,9})_(?P<flag>\d{1,9})",
    "1_12_0.jpg",
    "identity, image, flag",
)
"""How Celeb-reID names images."""

_SPLITS = ("train", "query", "gallery")


@register_dataset(
    DatasetInfo(
        name="celeb_reid",
        url="https://github.com/Huang-3/Celeb-reID",
        licence="academic use only, on request",
        citation="Huang et al., Beyond Scalar Neuron: Adopting Vector-Neuron Capsules for "
        "Long-Term Person Re-Identification, TCSVT 2020",
        counts={"train": (632, 20208), "query": (420, 2972), "gallery": (420, 11006)},
        note="no cameras; each image counts as an outfit of its own (clothes_id)",
    )
)
def read_celeb_reid(root: Path) -> Records:
    """Read Celeb-reID (see the module) from its folder or the one above.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    home = find_home(root, _SPLITS, aliases=("Celeb-reID", "Celeb-ReID", "celeb", "celeb_reid"))
    parts = [CELEB_NAMES.read(home, split).assign(split=split) for split in _SPLITS]
    table = pd.concat(parts, ignore_index=True).drop(columns=["image", "flag"])
    return Records(table.assign(clothes_id=range(len(table))), home)
