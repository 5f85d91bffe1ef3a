"""What hair and skin tell across outfits, read off the parsing maps: nothing is learned.

A bound for recipes that comes from the pictures alone. Where networks stay far below it, they have
not learned what is there; where it is at chance, there is nothing to learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from _wardrobe import Scores, scores_of
from numpy.typing import NDArray

from reid_data import load_dataset
from reid_data.images import read_image
from reid_eval import Embeddings

__all__ = ["scores_by_hand"]

_HAIR, _SKIN = (2,), (13, 14, 15, 16, 17)
_FEWEST = 5
"""Pixels of a part below which its colour is unknown."""


def scores_by_hand(root: Path, *, seed: int) -> Scores:
    """Rank by the colours of hair and skin and the amount of hair, each normalised by camera.

    Args:
        root: a synthetic data set with parsing maps.
        seed: of the data set, which tells its people from those of others.
    """
    records = load_dataset("csv", root / "records.csv").split("query", "gallery")
    rows = [_measured(root, path) for path in records.table["path"]]
    features = np.array(rows, dtype=np.float64)
    features = np.where(np.isnan(features), np.nanmean(features, axis=0), features)
    for camera in np.unique(records.camids):
        mine = records.camids == camera
        features[mine] -= features[mine].mean(axis=0)
        features[mine] /= features[mine].std(axis=0) + 1e-9
    every = Embeddings(features.astype(np.float32), records.table.reset_index(drop=True), root, {})
    splits = records.table["split"].to_numpy()
    query, gallery = (every.take(np.flatnonzero(splits == side)) for side in ("query", "gallery"))
    return scores_of(query, gallery, seed=seed)


def _measured(root: Path, path: str) -> list[float]:
    image = read_image(root / path).astype(np.float64)
    labels = np.load((root / "parsing" / path).with_suffix(".npy"))
    hair, skin = np.isin(labels, _HAIR), np.isin(labels, _SKIN)
    amount = hair.sum() / max((labels > 0).sum(), 1)
    return [*_colour(image, hair), float(amount), *_colour(image, skin)]


def _colour(image: NDArray[np.float64], mask: NDArray[np.bool_]) -> list[float]:
    if mask.sum() <= _FEWEST:
        return [np.nan] * 3
    found: list[float] = image[mask].mean(axis=0).tolist()
    return found
