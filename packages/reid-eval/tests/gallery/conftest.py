"""Rows of made-up people, and the back ends that every test of the suite runs over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reid_eval.gallery import Gallery

DIMENSION = 16
Rows = tuple[np.ndarray, pd.DataFrame]


@pytest.fixture
def people() -> Callable[..., Rows]:
    """``people(count, seed=0)``: features (N, 16) and their table."""

    def build(count: int, seed: int = 0) -> Rows:
        random = np.random.default_rng(seed)
        features = random.standard_normal((count, DIMENSION)).astype(np.float32)
        table = pd.DataFrame(
            {
                "path": [f"/crops/{seed}/{row:04d}.jpg" for row in range(count)],
                "pid": random.integers(-1, 6, count),
                "camid": random.integers(-1, 4, count),
                "timestamp": np.where(random.random(count) < 0.1, np.nan, 10.0 * np.arange(count)),
                "tracklet": random.integers(-1, count // 3 + 1, count),
                "attributes": [
                    {"hat": bool(row % 2), "colour": ("red", "blue", "green")[row % 3], "age": row}
                    for row in range(count)
                ],
            }
        )
        return features, table

    return build


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a new gallery may be made, in the back end under test."""
    return str(tmp_path / "gallery")


@pytest.fixture
def filled(url: str, people: Callable[..., Rows]) -> Gallery:
    """A gallery of 60 rows, open for writing."""
    gallery = Gallery.create(url, dimension=DIMENSION)
    gallery.add(*people(60))
    return gallery
