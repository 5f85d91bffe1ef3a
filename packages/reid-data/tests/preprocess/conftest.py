"""Small pictures and data sets that the tests of preprocessing make for themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_data.records import Records


def picture(height, width, seed=0):
    """Smooth shapes and some texture: like a photograph, neither flat nor noise."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    waves = [
        100 * np.sin(generator.uniform(2, 20) * rows + generator.uniform(2, 20) * columns + phase)
        for phase in generator.uniform(0, 6, 3)
    ]
    values = 128 + np.stack(waves, axis=2) + generator.normal(0, 6, (height, width, 3))
    return values.clip(0, 255).astype(np.uint8)


def save_pictures(root, names, size=(48, 24)):
    for seed, name in enumerate(names):
        path = Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(*size, seed=seed)).save(path)


@pytest.fixture
def make_picture():
    return picture


@pytest.fixture
def make_records():
    """Write pictures of these names and give their records."""

    def make(root, names, *, size=(48, 24), split="train", pids=None, **columns):
        save_pictures(root, names, size)
        table = {"path": list(names), "pid": pids or [1] * len(names), "split": split, **columns}
        return Records(pd.DataFrame(table), Path(root))

    return make
