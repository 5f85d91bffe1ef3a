"""The examples in all docstrings run."""

from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import torch

from .modules import modules_of


def test_examples_run(package: str) -> None:
    names = [name for name, file in modules_of(package).items() if ">>> " in file.read_text()]
    assert names
    for name in names:
        found = doctest.testmod(import_module(name), extraglobs={"torch": torch, "np": np})
        assert found.attempted, name
        assert not found.failed, name
