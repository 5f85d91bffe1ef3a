"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "reid_attr.decoding",
    "reid_attr.description",
    "reid_attr.losses.binary",
    "reid_attr.models.factory",
    "reid_attr.queries",
    "reid_attr.schema_files",
    "reid_attr.training.recipe",
)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0
