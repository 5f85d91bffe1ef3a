"""Recipes: what they say, what overrides change, and how wrong ones are refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from reid_core.training.recipes.files import load_recipe, parse_recipe
from reid_core.training.recipes.texts import list_recipes
from reid_core.training.recipes.typed import recipe_yaml
from reid_core.training.terms import Term, list_terms, term_registry


def test_the_baseline_is_the_published_bag_of_tricks():
    recipe = load_recipe("baseline")
    assert recipe.data.image_size == (256, 128)
    assert (recipe.data.identities_per_batch, recipe.data.images_per_identity) == (16, 4)
    augmentation = recipe.data.augmentation
    assert (augmentation.flip, augmentation.pad, augmentation.erase) == (0.5, 10, 0.5)
    assert recipe.model.name == "timm:resnet50"
    assert recipe.model.last_stride == 1
    assert recipe.model.pretrained
    options = {name: term.model_dump() for name, term in recipe.loss.items()}
    assert options["cross_entropy"]["smoothing"] == 0.1
    assert options["triplet"]["margin"] == 0.3
    assert (options["center"]["weight"], options["center"]["lr"]) == (5e-4, 0.5)
    assert (recipe.optimizer.name, recipe.optimizer.lr) == ("adam", 3.5e-4)
    assert recipe.optimizer.weight_decay == 5e-4
    assert (recipe.schedule.epochs, recipe.schedule.warmup_epochs) == (120, 10)
    assert recipe.schedule.milestones == (40, 70)
    assert recipe.schedule.gamma == 0.1


@pytest.mark.parametrize("name", list_recipes())
def test_every_recipe_says_what_it_is_and_names_no_data_set(name):
    recipe = load_recipe(name)
    assert recipe.description
    assert recipe.model.weights is None
    assert not {"name", "root", "path"} & set(recipe.model_dump()["data"])


@pytest.mark.parametrize("name", list_recipes())
def test_a_written_recipe_reads_back_as_the_same(name, tmp_path):
    recipe = load_recipe(name, ["loss.triplet.margin=none"])
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_yaml(recipe))
    again = load_recipe(path)
    assert again.model_dump() == recipe.model_dump()
    assert again.loss["triplet"].model_dump()["margin"] is None


def test_overrides_reach_every_depth_and_none_takes_away():
    recipe = load_recipe(
        "baseline",
        [
            "optimizer.lr=3e-4",
            "loss.triplet.margin=none",
            "loss.center=none",
            "data.image_size=[128, 64]",
            "data.augmentation.erase=0",
            "schedule.milestones=[5]",
            "optimizer.clip_norm=1",
        ],
    )
    assert recipe.optimizer.lr == 3e-4
    assert recipe.loss["triplet"].model_dump()["margin"] is None
    assert set(recipe.loss) == {"cross_entropy", "triplet"}
    assert recipe.data.image_size == (128, 64)
    assert recipe.data.augmentation.erase == 0
    assert recipe.data.augmentation.flip == 0.5
    assert recipe.schedule.milestones == (5,)
    assert recipe.optimizer.clip_norm == 1


def test_an_override_can_add_a_term_also_a_second_time_under_another_name():
    recipe = load_recipe("small", ["loss.center.weight=5e-4", "loss.soft={term: triplet}"])
    assert recipe.loss["center"].weight == 5e-4
    assert recipe.loss["soft"].term == "triplet"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lrr=1", "unknown recipe key 'optimizer.lrr'; did you mean 'optimizer.lr'?"),
        ("optimiser.lr=1", "unknown recipe key 'optimiser'; did you mean 'optimizer'?"),
        ("lr=1", "unknown recipe key 'lr'; did you mean 'optimizer.lr'?"),
        (
            "loss.triplet.margn=1",
            "unknown recipe key 'loss.triplet.margn'; did you mean 'loss.triplet.margin'?",
        ),
        (
            "data.augmentation.flipp=1",
            "unknown recipe key 'data.augmentation.flipp'; did you mean 'data.augmentation.flip'?",
        ),
        (
            "optimizer.erase=0",
            "unknown recipe key 'optimizer.erase'; did you mean 'data.augmentation.erase'?",
        ),
        ("optimizer.lr=fast", "recipe key optimizer.lr should be a valid number, came 'fast'"),
        ("optimizer.lr=-1", "recipe key optimizer.lr should be greater than 0, came -1"),
        ("optimizer.lr=none", "recipe key optimizer.lr should be a valid number, came None"),
        ("optimizer.lr=.nan", "recipe key optimizer.lr should be a finite number, came nan"),
        ("optimizer=3", "recipe key optimizer should hold keys of its own, came 3"),
        (
            "optimizer.name=sdg",
            (
                "recipe key optimizer.name should be 'adam', 'amsgrad', 'adamw', 'adagrad' or "
                "'sgd', came 'sdg'"
            ),
        ),
        (
            "loss.triplet.margin=wide",
            "recipe key loss.triplet.margin should be a valid number, came 'wide'",
        ),
        ("data.image_size=[128]", "recipe key data.image_size.1 is missing"),
        ("optimizer.lr.x=1", "recipe key optimizer.lr is a value, so optimizer.lr.x cannot be set"),
        ("optimizer.lr", "an override is section.key=value, came 'optimizer.lr'"),
        ("optimizer.lr=[1", "the value of override 'optimizer.lr=[1' is not readable YAML"),
    ],
)
def test_a_wrong_override_is_refused_in_one_line(override, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        load_recipe("baseline", [override])


def test_a_wrong_augmentation_names_its_section():
    with pytest.raises(ValueError, match=r"data\.augmentation.*flip is a probability") as error:
        load_recipe("baseline", ["data.augmentation.flip=2"])
    assert "\n" not in str(error.value)


def test_an_unknown_term_names_the_nearest():
    with pytest.raises(ValueError, match=r"loss\.triplett: unknown loss term .* nearest: triplet"):
        load_recipe("baseline", ["loss.triplett.margin=1"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.kind=pbc", "recipe key model.kind: unknown kind of model 'pbc'; nearest: pcb"),
        ("model.pooling=gemm", "recipe key model.pooling: unknown pooling 'gemm'; nearest: gem"),
    ],
)
def test_an_unknown_part_of_the_model_names_the_nearest(override, message):
    with pytest.raises(ValueError, match=message):
        load_recipe("small", [override])


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'baseline'"):
        load_recipe("basline")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("loss: [", "not readable YAML"),
        ("- loss", "should hold sections"),
        ("data: {}", "recipe key loss should hold terms by name"),
        ("loss: {}", "loss names no term"),
        ("loss: {triplet: {start_epoch: 1}}", "no term from the first epoch on"),
        ("loss: {triplet: 3}", r"loss\.triplet should hold a term's options, came 3"),
        ("loss: {'a.b': {term: triplet}}", "letters, digits and _"),
    ],
)
def test_a_broken_recipe_file_is_refused_in_one_line(text, message, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        load_recipe(path)
    assert "\n" not in str(error.value)


def test_a_missing_recipe_file_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match=r"no recipe file at .*gone\.yaml"):
        load_recipe(tmp_path / "gone.yaml")


def test_a_new_term_brings_its_options_with_their_types(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(term_registry, "_items", dict(term_registry._items))

    @term_registry.register("twice")
    class Twice(Term):
        def __init__(
            self,
            *,
            embedding_size: int,
            num_classes: int,
            weight: float = 1.0,
            factor: Annotated[int, Field(ge=2)],
        ) -> None:
            super().__init__(embedding_size=embedding_size, num_classes=num_classes, weight=weight)

    assert "twice" in list_terms()
    assert parse_recipe({"loss": {"twice": {"factor": 3}}}).loss["twice"].model_dump() == {
        "term": "twice",
        "weight": 1.0,
        "start_epoch": 0,
        "gather": None,
        "data": "both",
        "factor": 3,
    }
    with pytest.raises(ValueError, match=r"loss\.twice\.factor is missing"):
        parse_recipe({"loss": {"twice": {}}})
    with pytest.raises(ValueError, match=r"loss\.twice\.factor should be greater than or equal"):
        parse_recipe({"loss": {"twice": {"factor": 1}}})
    with pytest.raises(ValueError, match="already registered"):
        term_registry.register("twice")(Twice)
