"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "reid_data.datasets.grammar",
    "reid_data.datasets.market1501",
    "reid_data.datasets.options",
    "reid_data.datasets.registry",
    "reid_data.files",
    "reid_data.records",
    "reid_data.sampler",
    "reid_data.synth.annotations",
    "reid_data.synth.layouts.looks",
    "reid_data.synth.layouts.market",
)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0
