"""Every recipe runs, cut down to a network and people of a few seconds."""

from __future__ import annotations

import numpy as np
import pytest

from reid_core.models import load_model
from reid_core.training.recipe_files import load_recipe
from reid_data import Records

from .test_fit import rows, run

CUT = (
    "data.image_size=[64, 32]",
    "data.augmentation={pad: 2}",
    "data.identities_per_batch=3",
    "data.images_per_identity=2",
    "schedule.epochs=1",
    "evaluation.val_identities=0.4",
    "compute.precision=fp32",
)
TINY_NETWORK = ("model={name: timm:test_resnet, last_stride: 2}",)
OF_KIND = ("model.name=timm:test_resnet", "model.pretrained=false", "model.last_stride=2")
NETWORKS = {
    "baseline": TINY_NETWORK,
    "ctl": TINY_NETWORK,
    "low-resolution": TINY_NETWORK,
    "low-resolution-published": TINY_NETWORK,
    "octuplet": TINY_NETWORK,
    "octuplet-published": TINY_NETWORK,
    "agw": ("model.name=reid:resnet18",),
    "pcb": (*OF_KIND, "data.image_size=[96, 32]", "model.options={parts: 3}"),
    "mgn": ("model.name=reid:resnet18", "data.image_size=[96, 32]"),
    "osnet": ("model.name=reid:osnet_x0_25", "model.embed_dim=32"),
    "fine-grained-image": (*OF_KIND, "model.options={size: 16, inner: 8}"),
}


@pytest.mark.parametrize(
    "name",
    # One plain, one of parts and one of twins always; the others when there is time.
    [
        name if name in ("ctl", "pcb", "octuplet") else pytest.param(name, marks=pytest.mark.slow)
        for name in NETWORKS
    ],
)
def test_a_recipe_runs_and_its_network_can_be_loaded(people, tmp_path, name):
    recipe = load_recipe(name, [*CUT, *NETWORKS[name]])
    result = run(recipe, people, tmp_path / "out")
    assert result.mAP is not None
    assert load_model(tmp_path / "out").embedding_size
    [row] = rows(tmp_path / "out")
    assert all(np.isfinite(float(row[f"loss/{term}"])) for term in recipe.loss)


@pytest.fixture
def walks(people) -> Records:
    """The same people, filmed: the three images of each camera are a tracklet."""
    table = people.split("train").table
    return Records(
        table.assign(tracklet=table.pid * 10 + table.camid, frame=np.arange(len(table))),
        people.root,
    )


def test_the_recipe_for_clips_runs_and_validates_tracklets(walks, tmp_path):
    more = (*OF_KIND, "model.options={size: 16, inner: 8}", "data.clips.length=2")
    recipe = load_recipe("fine-grained-video", [*CUT, *more])
    result = run(recipe, walks, tmp_path / "out")
    assert result.mAP is not None
    assert load_model(tmp_path / "out").takes_clips


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("fine-grained-video", (*OF_KIND, "data.clips=none"), "takes clips, but data.clips is"),
        ("ctl", (*TINY_NETWORK, "data.clips.length=2"), "takes single images; use --set"),
        (
            "fine-grained-video",
            (*OF_KIND, "data.clips.length=7"),
            "the longest tracklet to learn from has 3",
        ),
        ("pcb", ("model.name=timm:test_vit", "model.pretrained=false"), "choose a CNN"),
        ("octuplet", (*TINY_NETWORK, "data.low_resolution=none"), "twins"),
        ("octuplet", (*TINY_NETWORK, "data.low_resolution.scales=[1]"), "a twin reduced by 1"),
        ("pcb", (*TINY_NETWORK,), "branches"),
    ],
)
def test_a_method_without_what_it_needs_is_refused(walks, tmp_path, name, overrides, message):
    with pytest.raises(ValueError, match=message):
        run(load_recipe(name, [*CUT, *overrides]), walks, tmp_path / "out")
    assert not (tmp_path / "out").exists()
