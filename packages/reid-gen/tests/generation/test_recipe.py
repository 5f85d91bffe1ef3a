from pathlib import Path

import pytest

from reid_gen.generation import list_recipes, load_recipe
from reid_gen.generation.training import check_terms


def test_the_recipes_are_these_and_hold_only_known_keys() -> None:
    assert list_recipes() == ["fast", "patn"]
    published = load_recipe("patn")
    assert (published.model.width, published.model.blocks) == (64, 9)
    assert (published.loss.l1, published.loss.perceptual.weight) == (10, 10)
    assert published.loss.adversarial.kind == "bce"
    assert load_recipe("fast").model.appearance


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("loss.perceptal.weight=1", "did you mean 'loss.perceptual"),
        ("data.image_size=[60, 32]", "divisible by 8"),
        ("schedule=3", "keys of its own"),
        ("optimizer.lr", "section.key=value"),
        ("model.width.more=3", "is a value"),
    ],
)
def test_bad_overrides_are_one_line(override: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        load_recipe("fast", [override])
    assert "\n" not in str(caught.value)


def test_an_unknown_recipe_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'fast'"):
        load_recipe("fst")
    with pytest.raises(ValueError, match="no recipe file"):
        load_recipe(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["loss.perceptual.weight=10"], "--perceptual off"),
        (["loss.identity.weight=1"], "--identity off"),
        (["loss.perceptual.weights=vgg.pth"], "has a network and weight 0"),
        (["loss.identity.model=run"], "has a network and weight 0"),
    ],
)
def test_a_term_is_never_off_in_silence(overrides: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_terms(load_recipe("fast", overrides))
