r"""QMUL GRID: people in an underground station, by 8 cameras, in poor pictures.

The layout, below the root or below one of the folder names that people give it::

    probe/0001_1_25004_107_32_106_221.jpeg      identities 1 to 250, once
    gallery/0001_2_25023_116_134_128_330.jpeg   the same, by another camera
    gallery/0000_3_25070_96_89_100_236.jpeg     identity 0: 775 distractors
    features_and_partitions.mat                 10 divisions of the identities

A name says who (``0001``), which camera (``1``), which frame, and where in the frame.

The protocol: 125 identities train (with both their images), the probes of the others ask, and their
gallery images and all distractors answer; the mean over the 10 divisions counts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home
from reid_data.datasets.mat_files import read_mat
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Ids, Records

__all__ = ["GRID_NAMES", "read_grid"]

GRID_NAMES = NameGrammar(
    r"(?P<pid>\d{1,9})_(?P<camid>\d{1,9})_(?P<frame>\d{1,18})(?:_\d{1,9}){0,6}",
    "0001_1_25004_107_32_106_221.jpeg",
    "identity, camera, frame, place in the frame",
)
"""How GRID names images."""

_DIVISIONS = "features_and_partitions.mat"
_TRAINING_IDENTITIES = 2  # the third field of a division


@register_dataset(
    DatasetInfo(
        name="grid",
        url="https://personal.ie.cuhk.edu.hk/~ccloy/downloads_qmul_underground_reid.html",
        licence="academic use only",
        citation="Loy, Xiang and Gong, Multi-Camera Activity Correlation Analysis, CVPR 2009",
        counts={"train": (125, 250), "query": (125, 125), "gallery+distractor": (126, 900)},
        note="report the mean over split=0 to 9",
    )
)
def read_grid(root: Path, *, split: int = 0) -> Records:
    """Read GRID (see the module) from its folder or one above.

    Args:
        root: the folder.
        split: which of the published divisions, from 0.

    Raises:
        ValueError: a folder or the table of divisions is missing or broken, or a name does not fit.
    """
    aliases = ("underground_reid", "GRID/underground_reid", "grid/underground_reid", "GRID", "grid")
    home = find_home(root, ("probe", "gallery", _DIVISIONS), aliases=aliases)
    trained = _training_identities(home / _DIVISIONS, split)
    parts = [
        GRID_NAMES.read(home, "probe").assign(split="query"),
        GRID_NAMES.read(home, "gallery").assign(split="gallery"),
    ]
    table = pd.concat(parts, ignore_index=True)
    table.loc[table["pid"].isin(trained), "split"] = "train"
    table.loc[table["pid"] == 0, "split"] = "distractor"
    return Records(table, home)


def _training_identities(path: Path, split: int) -> Ids:
    divisions = np.atleast_1d(np.asarray(read_mat(path).get("trainIdxAll"), dtype=object)).ravel()
    if not 0 <= split < len(divisions):
        raise ValueError(f"split must be 0 to {len(divisions) - 1} as in {path}, came {split}")
    division = divisions[split]
    fields = list(division.values()) if isinstance(division, dict) else []
    if len(fields) <= _TRAINING_IDENTITIES:
        raise ValueError(f"expected divisions in the variable trainIdxAll of {path}")
    identities = np.atleast_1d(np.asarray(fields[_TRAINING_IDENTITIES]))
    if identities.dtype.kind not in "iuf" or (identities < 1).any():
        raise ValueError(f"expected identities from 1 in division {split} of {path}")
    return identities.astype(np.int64).ravel()
