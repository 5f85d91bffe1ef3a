"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ("ahead", "association", "detections", "letterbox", "measuring", "overlay", "smoothing",
           "tracker", "wording")  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"reid_attr.video.{module}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0
