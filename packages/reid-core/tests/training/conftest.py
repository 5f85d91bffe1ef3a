"""Tiny people and a tiny recipe: a training of a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_core.training.data.sidecars import Sidecars
from reid_core.training.recipes.files import load_recipe
from reid_core.training.recipes.recipe import Recipe
from reid_data import Records

TINY = """
data:
  image_size: [32, 16]
  identities_per_batch: 3
  images_per_identity: 2
  augmentation: {pad: 2}
model: {name: timm:test_resnet, last_stride: 2}
loss: {cross_entropy: , triplet: , center: {weight: 5.0e-4}}
optimizer: {lr: 1.0e-3}
schedule: {epochs: 3, kind: cosine, warmup_epochs: 1}
evaluation: {every: 1, val_identities: 0.4}
compute: {precision: fp32}
"""


def tiny_people(folder: Path, *, identities: int = 8, seed: int = 0) -> Records:
    """Noisy flat colours: each identity has one, seen three times by each of two cameras.

    The first identity is in splits query and gallery as well, in images of its own.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for pid in range(identities):
        colour = generator.integers(0, 255, 3)
        shots = [(camid, f"{shot}") for camid in (1, 2) for shot in range(3)]
        rows += [_draw(folder, pid, camid, shot, colour, generator) for camid, shot in shots]
    for split in ("query", "gallery"):
        name = f"test_{split}"
        rows.append({**_draw(folder, 0, 3, name, np.zeros(3), generator), "split": split})
    return Records(pd.DataFrame(rows), folder)


def _draw(folder, pid, camid, name, colour, generator) -> dict[str, object]:
    path = f"{pid:04d}_c{camid}_{name}.png"
    pixels = colour + generator.normal(0, 40, (32, 16, 3))
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / path)
    return {"path": path, "pid": pid, "camid": camid, "split": "train"}


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return tiny_people(tmp_path_factory.mktemp("people"))


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Recipe]:
    """The tiny recipe, with overrides."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return lambda *overrides: load_recipe(path, overrides)


@pytest.fixture
def dressed(people: Records) -> Records:
    """Two outfits each, one a camera."""
    train = people.split("train").table
    return Records(train.assign(clothes_id=train.camid), people.root)


@pytest.fixture
def beside(dressed: Records, tmp_path: Path) -> Sidecars:
    """Genders, poses and masks of everybody."""
    genders = [f"train,{pid:03d},{pid % 2}" for pid in np.unique(dressed.pids)]
    (tmp_path / "genders.csv").write_text("\n".join(["Category,ID,Gender", *genders]) + "\n")
    names = [Path(path).stem for path in dressed.table["path"]]
    poses = [f"train,{name},{1 + row % 5}.0" for row, name in enumerate(names)]
    (tmp_path / "poses.csv").write_text("\n".join(["Category,Image,R_LA_5", *poses]) + "\n")
    (tmp_path / "masks").mkdir()
    for name in names:
        for kind in ("shirt", "pant"):
            mask = np.zeros((32, 16), np.uint8)
            mask[4 : 16 if kind == "shirt" else 30] = 255
            Image.fromarray(mask).save(tmp_path / "masks" / f"{name}_{kind}.png")
    return Sidecars(
        genders=tmp_path / "genders.csv", poses=tmp_path / "poses.csv", masks=tmp_path / "masks"
    )
