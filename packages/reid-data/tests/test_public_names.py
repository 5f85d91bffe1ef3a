"""The ledger of public names: the stub lists them, and every one is there."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import reid_data

STUB = Path(reid_data.__file__).with_suffix(".pyi")


def stub_names() -> list[str]:
    tree = ast.parse(STUB.read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    raise AssertionError("the stub has no __all__")


def test_the_stub_lists_exactly_what_the_package_offers() -> None:
    assert sorted([*reid_data.__all__, "__version__"]) == sorted(stub_names())


@pytest.mark.parametrize("name", stub_names())
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(reid_data, name) is not None


@pytest.mark.parametrize(
    "module",
    [
        info.name
        for folder, prefix in (("", "reid_data."), ("datasets", "reid_data.datasets."))
        for info in pkgutil.iter_modules([str(STUB.parent / folder)], prefix)
        if not info.ispkg
    ],
)
def test_every_public_module_lists_its_names(module: str) -> None:
    loaded = importlib.import_module(module)
    assert all(hasattr(loaded, name) for name in loaded.__all__)
