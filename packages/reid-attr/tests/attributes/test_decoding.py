"""Probabilities, decisions and words."""

import numpy as np
import pytest
import torch

from reid_attr import Group, Schema, decide, describe, probabilities_of

SCHEMA = Schema(
    "tiny",
    (
        Group("age", ("young", "old"), "one"),
        Group("glasses", ("clear", "dark"), "at-most-one"),
        Group("hat", ("hat",), otherwise="no hat"),
    ),
)


def test_a_group_that_excludes_shares_one() -> None:
    logits = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    found = probabilities_of(logits, SCHEMA, softmax=True)
    assert torch.allclose(found[:, :2].sum(dim=1), torch.ones(5))
    none = torch.cat([logits[:, 2:4], torch.zeros(5, 1)], dim=1).softmax(dim=1)
    assert torch.allclose(found[:, 2:4], none[:, :2])
    assert torch.equal(found[:, 4], logits[:, 4].sigmoid())
    assert torch.equal(probabilities_of(logits, SCHEMA), logits.sigmoid())


def test_decisions_by_threshold_and_by_group() -> None:
    probabilities = np.array([[0.2, 0.3, 0.6, 0.7, 0.4], [0.8, 0.9, 0.3, 0.1, 0.6]])
    assert decide(probabilities, SCHEMA).astype(int).tolist() == [[0, 0, 1, 1, 0], [1, 1, 0, 0, 1]]
    by_group = decide(probabilities, SCHEMA, by_group=True).astype(int)
    assert by_group.tolist() == [[0, 1, 0, 1, 0], [0, 1, 0, 0, 1]]
    thresholds = [0.5, 0.5, 0.5, 0.75, 0.3]
    found = decide(probabilities, SCHEMA, thresholds=thresholds, by_group=True).astype(int)
    assert found.tolist() == [[0, 1, 0, 0, 1], [0, 1, 0, 0, 1]]
    shared = np.array([[0.5, 0.5, 0.4, 0.3, 0.0], [0.5, 0.5, 0.4, 0.1, 0.0]])
    found = decide(shared, SCHEMA, by_group=True, softmax=True)[:, 2:4].astype(int)
    assert found.tolist() == [[1, 0], [0, 0]]
    with pytest.raises(ValueError, match="5 thresholds"):
        decide(probabilities, SCHEMA, thresholds=[0.5])
    with pytest.raises(ValueError, match="came 3 columns"):
        decide(probabilities[:, :3], SCHEMA)


def test_words() -> None:
    holds = np.array([[1, 0, 1, 1, 0], [0, 1, 0, 0, 1]], dtype=bool)
    assert describe(holds, SCHEMA) == [
        {"age": "young", "glasses": "clear + dark", "hat": "no hat"},
        {"age": "old", "glasses": "", "hat": "hat"},
    ]
