"""The published recipe as it is, but for how long it trains: two steps."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from reid_data import load_dataset
from reid_data.preprocess import read_poses
from reid_gen.generation import load_engine, load_recipe, pose_images, train_gan
from reid_gen.generation.perceptual import vgg19_features


@pytest.mark.slow
def test_the_published_recipe_trains_and_draws(world: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = {f"features.{key}": value for key, value in vgg19_features(3).state_dict().items()}
    torch.save(weights, tmp_path / "vgg.pth")
    recipe = load_recipe(
        "patn",
        [
            f"loss.perceptual.weights={tmp_path / 'vgg.pth'}",
            "data.batch_size=2",
            "data.pairs_per_epoch=4",
            "schedule={epochs: 1, constant: 1}",
        ],
    )
    records = load_dataset("market1501", world).split("train")
    images = pose_images(records, read_poses(world / "keypoints.csv"), canvas=(128, 64))
    result = train_gan(recipe, images, out=tmp_path / "run", device="cpu")
    assert result.epochs == 1
    header, row = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    values = dict(zip(header.split(","), map(float, row.split(",")), strict=True))
    parts = ("loss_l1", "loss_perceptual", "loss_adversarial")
    assert all(0 < values[part] < 1000 for part in parts)
    assert values["loss"] == pytest.approx(sum(values[part] for part in parts), rel=1e-2)
    assert load_engine(tmp_path / "run").image_size == (128, 64)
    # As many weights as the published generator has: 41.4 millions.
    kept = load_file(tmp_path / "run" / "generator.safetensors")
    count = sum(weight.numel() for name, weight in kept.items() if "running" not in name)
    assert count == pytest.approx(41.4e6, rel=0.02)
