"""Every recipe runs, cut down to a network and people of a few seconds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reid_core.models import load_model
from reid_core.training.build import build_loaders, build_model, build_module
from reid_core.training.data.low_resolution import LowResolution
from reid_core.training.data.split import carve
from reid_core.training.recipes.files import load_recipe
from reid_core.training.recipes.texts import list_recipes
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
TRANSREID = (
    "model.name=timm:test_vit",
    "model.pretrained=false",
    "model.options={cameras: auto, patch_stride: 8, jigsaw_groups: 4, shift: 2}",
    "data.image_size=[64, 32]",
)
SMALL_HALVES = ("model.options={size: 16, inner: 8}",)
CLUSTERS = "data.pseudo_labels.options={k1: 6, k2: 3, eps: 0.9, min_samples: 2}"
UNLABELLED = ("evaluation.val_identities=0", "data.identities_per_batch=2")
NETWORKS = {
    "baseline": TINY_NETWORK,
    "ctl": TINY_NETWORK,
    "ctl-published": TINY_NETWORK,
    "low-resolution": TINY_NETWORK,
    "low-resolution-published": TINY_NETWORK,
    "octuplet": TINY_NETWORK,
    "octuplet-published": TINY_NETWORK,
    "agw": ("model.name=reid:resnet18",),
    "pcb": (*OF_KIND, "data.image_size=[96, 32]", "model.options={parts: 3}"),
    "mgn": ("model.name=reid:resnet18", "data.image_size=[96, 32]"),
    "osnet": ("model.name=reid:osnet_x0_25", "model.embed_dim=32"),
    "osnet-published": ("model.name=reid:osnet_x0_25", "model.embed_dim=32"),
    "agw-published": ("model.name=reid:resnet18",),
    "fine-grained-image": (*OF_KIND, *SMALL_HALVES),
    "fine-grained-image-published": (*OF_KIND, *SMALL_HALVES, "evaluation.start_epoch=0"),
    "transreid": TRANSREID,
    "transreid-published": TRANSREID,
    "distill": TINY_NETWORK,
    "cluster-contrast": (*TINY_NETWORK, CLUSTERS, *UNLABELLED),
    "domain-adapt": (*TINY_NETWORK, CLUSTERS, *UNLABELLED, "loss.cluster_memory.start_epoch=0"),
}
WITHOUT_VALIDATION = ("cluster-contrast", "domain-adapt")


@pytest.mark.parametrize(
    "name",
    # One plain, one of parts and one of twins always; the others when there is time.
    [
        name if name in ("ctl", "pcb", "octuplet") else pytest.param(name, marks=pytest.mark.slow)
        for name in NETWORKS
    ],
)
def test_a_recipe_runs_and_its_network_can_be_loaded(people, tmp_path, name):
    overrides, options = [*CUT, *NETWORKS[name]], {}
    if name == "distill":
        teacher = load_recipe("small", [*CUT, *TINY_NETWORK, "schedule.epochs=0"])
        run(teacher, people, tmp_path / "teacher")
        overrides.append(f"loss.distill.teacher={tmp_path / 'teacher'}")
    if name == "domain-adapt":
        options["second"] = people
    recipe = load_recipe(name, overrides)
    result = run(recipe, people, tmp_path / "out", **options)
    assert (result.mAP is None) == (name in WITHOUT_VALIDATION)
    assert load_model(tmp_path / "out").embedding_size
    [row] = rows(tmp_path / "out")
    assert all(np.isfinite(float(row[f"loss/{term}"])) for term in recipe.loss)


IMAGE_RECIPES = [name for name in list_recipes() if "video" not in name]


@pytest.mark.parametrize("name", IMAGE_RECIPES)
def test_a_scale_reduces_what_every_image_recipe_learns_from(name):
    recipe = load_recipe(name, scale=3)
    low, second = recipe.data.low_resolution, recipe.data.second
    assert low is not None
    assert low.scales == (3,)
    assert recipe.evaluation.query_scale == 3
    assert recipe.evaluation.gallery_scale == (1 if low.twins else 3)
    if second is not None and second.degrade is None:
        assert second.low_resolution == LowResolution((3,))


@pytest.mark.parametrize("name", ["ctl", "pcb"])
def test_a_scale_reaches_the_images_of_a_batch(people, tmp_path, name):
    recipe = load_recipe(name, [*CUT, *NETWORKS[name]], scale=2)
    data = carve(people, val_identities=0, identities_per_batch=3, seed=0)
    model = build_model(recipe, seed=0)
    module = build_module(recipe, model, data, seed=0)
    batch = next(iter(build_loaders(recipe, data, seed=0, workers=0, pin_memory=False)._first()))
    changed = module._changed({"first": batch}, 0)["first"]
    assert (changed.scales == 2).all()
    assert not torch.equal(changed.images, batch.images)


@pytest.fixture
def walks(people) -> Records:
    """The same people, filmed: the three images of each camera are a tracklet."""
    table = people.split("train").table
    return Records(
        table.assign(tracklet=table.pid * 10 + table.camid, frame=np.arange(len(table))),
        people.root,
    )


@pytest.mark.parametrize(
    "name",
    [
        "fine-grained-video",
        pytest.param("fine-grained-video-published", marks=pytest.mark.slow),
    ],
)
def test_the_recipes_for_clips_run_and_validate_tracklets(walks, tmp_path, name):
    more = (*OF_KIND, *SMALL_HALVES, "data.clips.length=2", "evaluation.start_epoch=0")
    recipe = load_recipe(name, [*CUT, *more])
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
        ("mgn", ("model.name=timm:test_vit",), "mgn"),
        ("transreid", ("model.name=timm:test_resnet", "model.pretrained=false"), "choose timm:vit"),
        ("distill", TINY_NETWORK, r"--set loss\.distill\.teacher=FOLDER"),
        ("ctl", (*TINY_NETWORK, "data.identities_per_batch=30"), "only 5 identities are there"),
        ("ctl", (*TINY_NETWORK, "data.images_per_identity=1"), r"data\.images_per_identity=4"),
        ("cluster-contrast", (*TINY_NETWORK, "data.pseudo_labels.clusterer=grph"), "grph"),
        ("domain-adapt", TINY_NETWORK, "name it by --second-data and --second-root"),
    ],
)
def test_a_method_without_what_it_needs_is_refused(walks, tmp_path, name, overrides, message):
    with pytest.raises(ValueError, match=message):
        run(load_recipe(name, [*CUT, *overrides]), walks, tmp_path / "out")
    assert not (tmp_path / "out").exists()
