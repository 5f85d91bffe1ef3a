"""What cannot work is refused before the training starts, with what to change."""

from __future__ import annotations

import re

import pytest
import torch

from reid_core.training.feasible import check_machine
from reid_core.training.recipes.files import load_recipe

from .test_fit import run


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.images_per_identity=1", "loss.triplet compares images of one person"),
        ("optimizer.swa_start=3", "the training ends after schedule.epochs=3; use at most 2"),
        ("data.clips.length=2", "these data have no tracklets"),
        ("data.identities_per_batch=30", "only 5 identities are there to learn from"),
        ("evaluation.val_identities=0.9", "a smaller --set evaluation.val_identities=0.1"),
        ("loss.distill={}", "--set loss.distill.teacher=FOLDER"),
        ("loss.distill={teacher: nowhere}", "nowhere is no checkpoint"),
        ("optimizer.freeze=[{parameters: 'bone.*'}]", "no parameter matches 'bone.*'"),
        ("optimizer.groups=[{parameters: 'bone.*'}]", "no parameter matches 'bone.*'"),
    ],
)
def test_a_recipe_that_cannot_work_says_what_to_change(people, tiny, tmp_path, override, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        run(tiny(override), people, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_patience_without_validation_is_refused(people, tiny, tmp_path):
    recipe = tiny("evaluation.patience=2", "evaluation.val_identities=0")
    with pytest.raises(ValueError, match="waits for a better validation"):
        run(recipe, people, tmp_path / "out")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.ema_decay=0.9", "keeps no average of the weights; use ddp"),
        ("optimizer.swa_start=1", "keeps no average of the weights; use ddp"),
        ("optimizer.freeze=[{parameters: '*', until: 2}]", "cannot let parameters learn from some"),
    ],
)
def test_shares_of_a_network_allow_less(override, message):
    recipe, place = load_recipe("small", [override]), torch.device("cpu")
    with pytest.raises(ValueError, match=message):
        check_machine(recipe, device=place, devices=2, strategy="fsdp")
    check_machine(recipe, device=place, devices=2, strategy="ddp")


def test_two_averages_are_refused():
    with pytest.raises(ValueError, match="ema_decay and swa_start are two averages"):
        load_recipe("small", ["optimizer={ema_decay: 0.9, swa_start: 2}"])
