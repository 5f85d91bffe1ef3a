"""The ledger of public names, and what importing the package costs."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

import reid_attr

STUB = Path(reid_attr.__file__).with_suffix(".pyi")


def stub_names() -> list[str]:
    tree = ast.parse(STUB.read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    raise AssertionError("the stub has no __all__")


def modules() -> list[str]:
    root = STUB.parent
    paths = [path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py")]
    return sorted(
        ".".join(path.parts).removesuffix(".__init__")
        for path in paths
        if not path.name.startswith("_") or path.name == "__init__"
    )


def test_the_stub_lists_exactly_what_the_package_offers() -> None:
    assert sorted([*reid_attr.__all__, "__version__"]) == sorted(stub_names())


@pytest.mark.parametrize("module", modules())
def test_every_public_module_lists_its_names(module: str) -> None:
    loaded = importlib.import_module(module)
    assert all(hasattr(loaded, name) for name in loaded.__all__)


@pytest.mark.parametrize("name", stub_names())
def test_every_public_name_resolves_also_after_all_modules_were_imported(name: str) -> None:
    # A module of the same name as a function would take its place once it is imported.
    for module in modules():
        importlib.import_module(module)
    assert getattr(reid_attr, name) is not None
    assert not isinstance(getattr(reid_attr, name), ModuleType)
