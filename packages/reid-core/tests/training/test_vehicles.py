"""Trainings on one vehicle data set begin with what was learnt on another."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reid_core.models import load_model
from reid_core.training.fit import train
from reid_core.training.recipes.files import load_recipe
from reid_data import Records, load_dataset
from reid_data.synth import synthesize

LAYOUTS = {"veri776": "veri776", "vehicleid": "vehicleid"}
CUT = (
    "data.image_size=[32, 32]",
    "data.augmentation={pad: 2}",
    "data.identities_per_batch=3",
    "data.images_per_identity=2",
    "model={name: timm:test_resnet, last_stride: 2}",
    "evaluation.val_identities=0",
)


@pytest.fixture(scope="module")
def vehicles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Records]:
    found = {}
    for layout, reader in LAYOUTS.items():
        root = tmp_path_factory.mktemp(layout) / "data"
        synthesize(
            root,
            layout=layout,
            identities=6,
            test_identities=4,
            cameras=2,
            images_per_camera=2,
            height=32,
            width=32,
        )
        found[layout] = load_dataset(reader, root)
    return found


@pytest.mark.parametrize(("first", "then"), [("vehicleid", "veri776"), ("veri776", "vehicleid")])
def test_one_begins_with_the_network_of_the_other(vehicles, tmp_path: Path, caplog, first, then):
    def learn(name: str, out: Path, epochs: int, **options) -> Path:
        recipe = load_recipe("baseline", [*CUT, f"schedule.epochs={epochs}"])
        train(recipe, vehicles[name], out=out, device="cpu", workers=0, **options)
        return out

    source = learn(first, tmp_path / first, 1)
    begun = learn(then, tmp_path / "begun", 0, init_from=source)
    ours, theirs = (load_model(path).state_dict() for path in (begun, source))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    # Every tensor of the network; the classifier is of other vehicles.
    assert f"{len(theirs)} of {len(theirs)} tensors taken over" in caplog.text
    learnt = load_model(learn(then, tmp_path / "learnt", 1, init_from=source)).state_dict()
    assert any(not torch.equal(learnt[name], theirs[name]) for name in theirs)
