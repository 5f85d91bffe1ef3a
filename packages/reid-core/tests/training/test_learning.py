"""Recipes learn: people they never saw are found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from reid_core.training.fit import train
from reid_core.training.recipes.files import load_recipe
from reid_core.training.recipes.recipe import Recipe
from reid_data import Records, load_dataset
from reid_data.synth import synthesize
from reid_eval import embed, evaluate, load_embedder

# The baseline, cut down to what two CPU cores can do in a few minutes.
CUT = (
    "data.image_size=[128, 64]",
    "data.augmentation={pad: 5, erase: 0}",
    "model={name: timm:mobilenetv3_small_100, last_stride: 2}",
    "optimizer.lr=3e-3",
    "schedule.epochs=12",
    "schedule.warmup_epochs=3",
    "schedule.milestones=[8, 11]",
)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Synthetic people of a seed on which no recipe was developed."""
    root = tmp_path_factory.mktemp("people")
    synthesize(root, seed=31)
    return load_dataset("market1501", root)


def mean_average_precision(recipe: Recipe, records: Records, out: Path) -> float:
    """Train, then test on the identities of the test split."""
    train(recipe, records, out=out, device="cpu", workers=1)
    embedder = load_embedder(out, device="cpu")
    query, gallery = (
        embed(embedder, records.split(*names), workers=0)
        for names in (("query",), ("gallery", "distractor"))
    )
    return evaluate(query, gallery).mAP


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "overrides", "expected"), [("small", (), 0.5), ("baseline", CUT, 0.3)]
)
def test_a_recipe_finds_people_it_never_saw(people, tmp_path, name, overrides, expected):
    untrained = load_recipe(name, [*overrides, "schedule.epochs=0"])
    before = mean_average_precision(untrained, people, tmp_path / "untrained")
    after = mean_average_precision(load_recipe(name, overrides), people, tmp_path / "trained")
    assert after > max(expected, 3 * before)
