"""Recipes learn: people whom they never saw are found better than by the network they begin with.

Networks, images and epochs are cut down to a minute on a core; what a recipe does stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from reid_core.training.fit import train
from reid_core.training.recipes.files import load_recipe
from reid_core.training.recipes.recipe import Recipe
from reid_data import Records, load_dataset
from reid_data.synth import Difficulty, synthesize
from reid_eval import embed, evaluate, load_embedder
from reid_eval.statistics import QueryResults, compare

CUT = (
    "data.image_size=[64, 32]",
    "data.augmentation={flip: 0.5, pad: 3, erase: 0}",
    "data.identities_per_batch=16",
    "data.images_per_identity=4",
    "optimizer={lr: 5e-3}",
    "schedule={epochs: 15, kind: cosine, warmup_epochs: 1}",
    "evaluation.val_identities=0",
    "logging.tensorboard=false",
)
SMALL = ("model={name: timm:test_resnet, last_stride: 1}",)
OF_KIND = ("model.name=timm:test_resnet", "model.pretrained=false")
# Neighbourhoods no larger than what there is of a person, and nearer than in thousands of people.
CLUSTERS = "data.pseudo_labels.options={k1: 12, k2: 3, eps: 0.5}"
# The cosines of strangers spread by 1 / sqrt(D): published for 2048 numbers, 0.05 would take the
# noise of this network's 96 for certainty, and clusters fall apart in place of growing together.
SOFTER = "loss.cluster_memory.temperature=0.1"
# Of ours, which these kinds take apart, there is none smaller.
RESNET = ("model.name=reid:resnet18", "optimizer={lr: 1e-3}", "schedule.epochs=4")


@dataclass(frozen=True)
class Case:
    """One recipe, cut down.

    Attributes:
        overrides: beside `CUT`.
        begins: with the network that knows other people, as finetuning does.
        second: with the other people as second data set.
        margin: by how much the mAP must rise.
    """

    overrides: tuple[str, ...]
    begins: bool = False
    second: bool = False
    margin: float = 0.05


CASES = {
    "baseline": Case(SMALL),
    "ctl": Case(SMALL),
    "low-resolution": Case(SMALL),
    "octuplet": Case((*SMALL, "optimizer={lr: 1e-3}"), begins=True),
    "agw": Case(RESNET),
    "pcb": Case((*OF_KIND, "data.image_size=[96, 32]", "model.options={parts: 3}")),
    "mgn": Case((*RESNET, "data.image_size=[96, 32]", "schedule.epochs=3")),
    "transreid": Case(
        (
            "model.name=timm:test_vit",
            "model.pretrained=false",
            "model.options={cameras: auto, patch_stride: 8, jigsaw_groups: 4, shift: 2}",
            "optimizer={name: adam, lr: 1e-3}",
        )
    ),
    "osnet": Case(("model.name=reid:osnet_x0_25", "model.embed_dim=128", "schedule.epochs=8")),
    "fine-grained-image": Case((*OF_KIND, "model.options={size: 64, inner: 16}")),
    "distill": Case(SMALL),
    # What knows other people stands for weights of ImageNet: from nothing there are no clusters.
    "cluster-contrast": Case(
        (*SMALL, CLUSTERS, SOFTER, "optimizer={lr: 1e-3}", "schedule.epochs=25"), begins=True
    ),
    "domain-adapt": Case(
        (*SMALL, CLUSTERS, SOFTER, "loss.cluster_memory.start_epoch=0", "optimizer={lr: 1e-3}"),
        begins=True,
        second=True,
    ),
}


def rendered(root: Path, seed: int) -> Records:
    synthesize(
        root,
        identities=80,
        test_identities=40,
        cameras=4,
        images_per_camera=3,
        distractors=0,
        # Cameras so alike that clusters hold people rather than cameras.
        difficulty=Difficulty(camera_shift=0.4),
        seed=seed,
    )
    return load_dataset("market1501", root)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return rendered(tmp_path_factory.mktemp("people") / "data", 71)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return rendered(tmp_path_factory.mktemp("others") / "data", 72)


@pytest.fixture(scope="module")
def trained(others, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that knows the other people."""
    out = tmp_path_factory.mktemp("trained") / "out"
    train(load_recipe("small", [*CUT, *SMALL]), others, out=out, device="cpu", workers=0)
    return out


def found(recipe: Recipe, records: Records, out: Path, **options) -> QueryResults:
    """What the network that a recipe trains finds, for each query."""
    train(recipe, records, out=out, device="cpu", workers=0, **options)
    embedder = load_embedder(out, device="cpu")
    query, gallery = (
        embed(embedder, records.split(name), workers=0) for name in ("query", "gallery")
    )
    return QueryResults.of(evaluate(query, gallery), query)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_recipe_finds_people_whom_it_never_saw(people, others, trained, tmp_path, name):
    case = CASES[name]
    overrides = [*CUT, *case.overrides]
    if name == "distill":
        overrides.append(f"loss.distill.teacher={trained}")
    options = {"second": others} if case.second else {}
    if case.begins:
        options["init_from"] = trained
    untrained = load_recipe(name, [*overrides, "schedule.epochs=0"])
    before = found(untrained, people, tmp_path / "untrained", **options)
    after = found(load_recipe(name, overrides), people, tmp_path / "trained", **options)
    change = next(each for each in compare(before, after).changes if each.metric == "mAP")
    print(f"\nLEARNS {name}: {change.first:.3f} -> {change.second:.3f}")  # noqa: T201
    assert change.second > change.first + case.margin
    # More than the chance of whom one asks for: the same queries, 95 % over people.
    assert change.difference.low > 0


@pytest.mark.slow
def test_the_recipe_for_clips_finds_tracklets_of_people_whom_it_never_saw(tmp_path):
    synthesize(
        tmp_path / "walks",
        layout="mars",
        identities=60,
        test_identities=1,
        cameras=3,
        tracklet_length=4,
        distractors=4,
        seed=73,
    )
    walks = load_dataset("mars", tmp_path / "walks")
    cut = [
        *CUT,
        *OF_KIND,
        "model.options={size: 64, inner: 16}",
        "data.clips.length=2",
        "data.identities_per_batch=8",
        "data.images_per_identity=2",
        "evaluation.val_identities=0.4",
        "evaluation.every=100",
    ]

    def measured(out: Path, *overrides: str) -> float:
        """mAP on held-out people after the last epoch."""
        recipe = load_recipe("fine-grained-video", [*cut, *overrides])
        return train(recipe, walks, out=out, device="cpu", workers=0).mAP

    # Steps of no length: what the network finds as it was drawn.
    before = measured(tmp_path / "untrained", "schedule.epochs=1", "optimizer={lr: 1e-12}")
    after = measured(tmp_path / "trained", "schedule.epochs=30")
    print(f"\nLEARNS fine-grained-video: {before:.3f} -> {after:.3f}")  # noqa: T201
    assert after > before + 0.1
