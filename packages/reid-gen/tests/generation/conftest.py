"""Tiny people with keypoints, and a tiny recipe: a training of seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from reid_data import load_dataset, synthesize
from reid_data.preprocess import read_poses
from reid_gen.generation import GanRecipe, PosedImages, load_recipe, pose_images

TINY = """
data:
  image_size: [32, 16]
  batch_size: 4
  pairs: same_camera
  pairs_per_epoch: 16
  val_identities: 0.3
model: {width: 4, blocks: 1, norm: batch, dropout: 0.1, appearance: true, discriminator_width: 4}
loss:
  adversarial: {kind: hinge, weight: 0.1, pool: 6}
optimizer: {lr: 1.0e-3, ema_decay: 0.9}
schedule: {epochs: 3, constant: 1}
precision: fp32
"""


@pytest.fixture(autouse=True)
def small_networks(one_thread: None) -> None:
    """All networks here are small."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Market-1501 of six made-up people, two cameras, with keypoints.csv."""
    folder = tmp_path_factory.mktemp("people") / "data"
    synthesize(
        folder,
        identities=6,
        test_identities=1,
        cameras=2,
        images_per_camera=2,
        distractors=0,
        annotations=True,
        height=32,
        width=16,
    )
    return folder


@pytest.fixture(scope="session")
def posed(world: Path) -> PosedImages:
    records = load_dataset("market1501", world).split("train")
    return pose_images(records, read_poses(world / "keypoints.csv"), canvas=(32, 16))


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture
def recipe(recipe_file: Path) -> GanRecipe:
    return load_recipe(recipe_file)
