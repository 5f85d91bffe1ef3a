"""Learning rates against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from reid_core.training.loop.schedule import learning_rate_factor


def test_the_published_warm_up_and_steps():
    factors = [
        learning_rate_factor(e, epochs=120, warmup_epochs=10, milestones=(40, 70), gamma=0.1)
        for e in range(120)
    ]
    assert factors[:11] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0])
    assert factors[39] == 1.0
    assert factors[40] == pytest.approx(0.1)
    assert factors[69] == pytest.approx(0.1)
    assert factors[70] == pytest.approx(0.01)
    assert factors[119] == pytest.approx(0.01)


def test_the_cosine_begins_after_the_warm_up_and_ends_one_epoch_after_the_last():
    factors = [
        learning_rate_factor(e, epochs=6, kind="cosine", warmup_epochs=2, final_factor=0.2)
        for e in range(6)
    ]
    half = 0.5 * (1 + math.cos(math.pi / 4))
    expected = [0.5, 1.0, 1.0, 0.2 + 0.8 * half, 0.2 + 0.8 * 0.5, 0.2 + 0.8 * (1 - half)]
    assert factors == pytest.approx(expected)


def test_without_warm_up_or_decay_the_rate_is_constant():
    assert {learning_rate_factor(e, epochs=9, kind="constant") for e in range(9)} == {1.0}


def test_a_training_shorter_than_its_warm_up_only_rises():
    factors = [learning_rate_factor(e, epochs=3, kind="cosine", warmup_epochs=10) for e in range(3)]
    assert factors == pytest.approx([0.1, 0.2, 0.3])
