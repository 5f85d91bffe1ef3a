"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "reid_eval.embedders",
    "reid_eval.evaluation",
    "reid_eval.exact_search",
    "reid_eval.open_set.detection",
    "reid_eval.report.charts",
    "reid_eval.report.tables",
    "reid_eval.reranking",
    "reid_eval.robustness.levels",
    "reid_eval.service.batching",
    "reid_eval.service.questions",
    "reid_eval.service.rates",
    "reid_eval.statistics.bootstrap",
    "reid_eval.statistics.intervals",
    "reid_eval.statistics.paired",
)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0
