"""The ledger of public names, the examples of the docstrings, and what importing costs."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import reid_data.preprocess as package
from reid_data import safe_pickle

FOLDER = Path(package.__file__).parent
MODULES = [info.name for info in pkgutil.iter_modules([str(FOLDER)]) if not info.ispkg]


def stub_names():
    for node in ast.parse((FOLDER / "__init__.pyi").read_text()).body:
        if isinstance(node, ast.Assign):
            return ast.literal_eval(node.value)
    raise AssertionError("the stub has no __all__")


def test_the_stub_lists_exactly_what_the_package_offers():
    assert sorted(package.__all__) == sorted(stub_names())
    assert not set(stub_names()) & set(MODULES), "a module would hide a function of its name"


@pytest.mark.parametrize("name", stub_names())
def test_every_public_name_resolves(name):
    assert getattr(package, name) is not None


@pytest.mark.parametrize("name", MODULES)
def test_every_module_lists_its_names_and_its_examples_run(name):
    module = importlib.import_module(f"reid_data.preprocess.{name}")
    assert all(hasattr(module, public) for public in module.__all__)
    if name == "degrade_device":
        pytest.importorskip("kornia")
    assert doctest.testmod(module).failed == 0


def test_the_examples_of_the_pickle_reader_run():
    outcome = doctest.testmod(safe_pickle)
    assert outcome.attempted > 0
    assert outcome.failed == 0
