"""What cannot work is refused before the training starts, with what to change."""

from __future__ import annotations

import re

import pytest
import torch

from reid_core.training.feasible import check_machine
from reid_core.training.recipe_files import load_recipe

from .test_fit import run


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.images_per_identity=1", "loss.triplet compares images of one person"),
        ("optimizer.swa_start=3", "the training ends after schedule.epochs=3; use at most 2"),
        ("data.clips.length=2", "these data have no tracklets"),
        ("data.identities_per_batch=30", "only 5 identities are there to learn from"),
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


def test_shares_of_a_network_need_gpus_and_no_average():
    place = {"devices": 2, "strategy": "fsdp"}
    with pytest.raises(ValueError, match="use ddp on a CPU"):
        check_machine(load_recipe("small"), device=torch.device("cpu"), **place)


def test_two_averages_are_refused():
    with pytest.raises(ValueError, match="ema_decay and swa_start are two averages"):
        load_recipe("small", ["optimizer={ema_decay: 0.9, swa_start: 2}"])
