"""Tiny people and a tiny recipe: a training of a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_data import Records

RECIPE = """
data:
  image_size: [32, 16]
  identities_per_batch: 3
  images_per_identity: 2
model: {name: timm:test_resnet, last_stride: 2}
loss: {cross_entropy: , triplet: }
schedule: {epochs: 3, kind: constant, warmup_epochs: 0}
evaluation: {val_identities: 0.4}
compute: {precision: fp32}
"""


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Noisy flat colours of eight people in two cameras."""
    folder = tmp_path_factory.mktemp("people")
    generator = np.random.default_rng(0)
    rows = []
    for pid in range(8):
        colour = generator.integers(0, 255, 3)
        for camid in (1, 2):
            for shot in range(2):
                path = f"{pid:04d}_c{camid}_{shot}.png"
                pixels = colour + generator.normal(0, 40, (32, 16, 3))
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / path)
                rows.append({"path": path, "pid": pid, "camid": camid, "split": "train"})
    return Records(pd.DataFrame(rows), folder)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    return path
