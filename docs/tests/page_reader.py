"""What a reader of the pages has: a home with data sets, and a desk with crops and checkpoints."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
import torchvision  # type: ignore[import-untyped]
from page_shell import run_script
from PIL import Image
from torch import nn

from reid_attr import create_attribute_model, save_attribute_model
from reid_core import create_model, save_model
from reid_data import load_dataset
from reid_data.synth import synthesize

__all__ = ["furnish", "furnish_for_recipes", "prepare"]

_SIZE: dict[str, Any] = {
    "identities": 20,
    "test_identities": 4,
    "height": 64,
    "width": 32,
    "annotations": True,
}
# Folder at home, layout, options.
_DATA: dict[str, tuple[str, dict[str, Any]]] = {
    "Market-1501": ("market1501", {"identities": 40, "images_per_camera": 2, "distractors": 4}),
    "MSMT17": ("msmt17", {"images_per_camera": 2, "seed": 1}),
    "LTCC": ("ltcc", {"images_per_camera": 2, "outfits": 2}),
    "MARS": ("mars", {"tracklet_length": 6}),
    "UPAR": ("upar", {"images_per_camera": 1}),
}


def prepare(home: Path) -> None:
    """Draw, once, what every reader has at home."""
    for name, (layout, options) in _DATA.items():
        synthesize(home / "data" / name, layout=layout, **{**_SIZE, **options})
    save_model(create_model("reid:resnet18", image_size=(64, 32)), home / "checkpoint")
    save_attribute_model(
        create_attribute_model("timm:resnet10t", schema="upar", image_size=(64, 32)),
        home / "attributes",
    )
    _publish(home)
    people = load_dataset("market1501", home / "data" / "Market-1501")
    for split, folder in (("gallery", "crops"), ("query", "asked")):
        (home / folder).mkdir()
        for path in people.split(split).paths[::4]:
            shutil.copy(path, home / folder)
    with Image.open(next((home / "asked").iterdir())) as image:
        image.save(home / "somebody.jpg")


def _publish(home: Path) -> None:
    """Checkpoints in the form in which torchreid and fast-reid publish theirs."""
    network = torchvision.models.resnet18()
    trunk = {key: value for key, value in network.state_dict().items() if key[:3] != "fc."}
    classifier = {"classifier.weight": torch.zeros(8, 512), "classifier.bias": torch.zeros(8)}
    torch.save(trunk | classifier, home / "osnet_x1_0_market.pth")
    heads = {
        f"bottleneck.0.{key}": value for key, value in nn.BatchNorm1d(512).state_dict().items()
    }
    heads["weight"] = torch.zeros(8, 512)
    weights = {f"backbone.{key}": value for key, value in trunk.items()}
    weights |= {f"heads.{key}": value for key, value in heads.items()}
    torch.save({"model": weights}, home / "market_bot_R50.pth")


def furnish(folder: Path, home: Path) -> None:
    """Put on the desk what every page may speak of."""
    for name in ("checkpoint", "attributes", "crops", "asked"):
        shutil.copytree(home / name, folder / name)
    for name in ("somebody.jpg", "osnet_x1_0_market.pth", "market_bot_R50.pth"):
        shutil.copy(home / name, folder)
    for name, (layout, _) in _DATA.items():
        (folder / layout).symlink_to(home / "data" / name)


def furnish_for_recipes(folder: Path, home: Path) -> None:
    """Put beside it what the guides make: masks, genders, clusters of poses, trained networks."""
    furnish(folder, home)
    ltcc = ("--data", "ltcc", "--root", "ltcc")
    for words in (
        ("masks", "--parsings", "ltcc/parsing", "--images", "ltcc", "--out", "masks"),
        ("genders", "--table", "ltcc/genders.csv", *ltcc, "--out", "genders.csv"),
        ("poses", "--poses", "ltcc/keypoints.csv", *ltcc, "--out", "poses"),
    ):
        run_script(["reid-data", *words])
    for name in ("teacher", "first"):
        shutil.copytree(home / "checkpoint", folder / "runs" / name)
