"""How generated images enter a recipe, and which of them enter an arm."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import cross_entropy

from reid_core.models import ReidOutput
from reid_core.training import load_recipe
from reid_core.training.terms import CrossEntropyTerm, Term
from reid_data import Batch, Records
from reid_gen.augmenting import (
    GeneratedIdentityTerm,
    GeneratedSets,
    Mixing,
    arms_of,
    with_generated,
)
from reid_gen.augmenting.term import Labels


def people(count: int, of: int = 4) -> Records:
    rows = np.arange(count)
    table = pd.DataFrame({"path": rows.astype(str), "pid": rows % of, "split": "train"})
    return Records(table, Path())


@pytest.mark.parametrize("labels", ["hard", "smoothed", "lsro"])
def test_the_three_kinds_of_labels_by_their_targets(labels: Labels) -> None:
    torch.manual_seed(0)
    sizes = {"embedding_size": 5, "num_classes": 4}
    real = CrossEntropyTerm(**sizes)
    term = GeneratedIdentityTerm(labels=labels, smoothing=0.2, **sizes)
    term.meet({"cross_entropy": real, "generated": term})
    features, claims = torch.randn(3, 5), torch.tensor([0, 3, 3])
    batch = Batch(torch.empty(3, 3, 2, 2), claims, claims, claims, labels=claims)
    share = {"hard": 0.0, "smoothed": 0.2, "lsro": 1.0}[labels]
    target = (1 - share) * torch.eye(4)[claims] + share / 4
    expected = cross_entropy(features @ real.classifier.weight.T, target)
    found = term(ReidOutput(features, features), batch)
    torch.testing.assert_close(found, expected)
    # The classifier is the other term's: this one has nothing to train of its own.
    assert not list(term.parameters())


def test_a_classifier_that_is_not_there_or_not_one_is_refused() -> None:
    sizes = {"embedding_size": 5, "num_classes": 4}
    term = GeneratedIdentityTerm(head="arcface", **sizes)
    with pytest.raises(ValueError, match=r"no loss.arcface .* one of cross_entropy"):
        term.meet({"cross_entropy": CrossEntropyTerm(**sizes), "generated": term})
    branches: dict[str, Term] = {
        "arcface": CrossEntropyTerm(of="branches", branch_sizes=(5, 5), **sizes)
    }
    with pytest.raises(ValueError, match="a classifier for each branch"):
        term.meet(branches)


def test_the_recipe_learns_from_both_and_compares_real_images_only() -> None:
    recipe = with_generated("small", ["optimizer.lr=1e-4"], Mixing(ratio=0.25, weight=0.3))
    second = recipe.data.second
    assert second is not None
    assert (second.order, second.same_people) == ("mixed", True)
    # 16 x 4 real images, and a quarter as many generated ones.
    assert (second.identities_per_batch, second.images_per_identity) == (16, 1)
    assert {name: term.data for name, term in recipe.loss.items()} == {
        "cross_entropy": "first",
        "triplet": "first",
        "generated": "second",
    }
    assert (recipe.loss["generated"].weight, recipe.optimizer.lr) == (0.3, 1e-4)
    compared = with_generated("small", ["loss.generated.weight=2"], Mixing(compare=True))
    assert compared.loss["triplet"].data == "both"
    assert compared.loss["generated"].weight == 2
    real = load_recipe("small", ["optimizer.lr=1e-4"])
    assert recipe.schedule == real.schedule
    assert recipe.model.model_dump() == real.model.model_dump()


@pytest.mark.parametrize(
    ("recipe", "message"),
    [("domain-adapt", "a second data set or clusters already"), ("mgn", "one classifier")],
)
def test_recipes_that_have_no_place_for_generated_images(recipe: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_generated(recipe, [], Mixing())


def test_no_share_of_generated_images_is_refused() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Mixing(ratio=0)


def test_the_random_arm_is_as_large_as_the_purified_one_and_another_each_seed() -> None:
    everything = people(40)
    sets = GeneratedSets(everything, everything.take(np.arange(10)))
    first, again, other = (arms_of(sets, seed=seed) for seed in (0, 0, 1))
    assert [arm.name for arm in first] == ["real", "all", "random", "purified"]

    def drawn(arms: list) -> list[str]:  # type: ignore[type-arg]
        return [str(path) for path in arms[2].generated.paths]

    assert len(set(drawn(first))) == 10
    assert drawn(first) == drawn(again)
    assert drawn(first) != drawn(other)
    both = GeneratedSets(everything, sets.purified, everything.take(np.arange(7)))
    assert [arm.name for arm in arms_of(both, seed=0)][3:] == ["cosine", "purified"]
    with pytest.raises(ValueError, match="more than the 10"):
        GeneratedSets(sets.purified, everything)
