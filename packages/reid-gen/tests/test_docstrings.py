"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "reid_gen.generation.hiding",
    "reid_gen.generation.losses",
    "reid_gen.generation.recipe",
    "reid_gen.purifying.clusterer",
    "reid_gen.purifying.agreement",
    "reid_gen.purifying.folds",
    "reid_gen.purifying.knn",
    "reid_gen.scoring.distribution",
    "reid_gen.scoring.similarity",
)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0
