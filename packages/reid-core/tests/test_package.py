"""The package itself: its names, its silence, and the examples in its documentation."""

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import reid_core
import reid_core.backbones
import reid_core.losses
import reid_core.models

DOCUMENTED = ("registry", "keys", "_files", "backbones.", "models.", "losses.", "importing.")


def test_the_ledger_holds_every_public_name_and_each_is_there() -> None:
    stub = Path(reid_core.__file__).with_suffix(".pyi")
    [ledger] = [
        ast.literal_eval(node.value)
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.Assign)
    ]
    assert sorted(set(reid_core.__all__) | {"__version__"}) == sorted(ledger)
    for name in ledger:
        assert getattr(reid_core, name) is not None


@pytest.mark.parametrize("package", [reid_core.backbones, reid_core.losses, reid_core.models])
def test_public_names_of_the_parts_are_there(package: object) -> None:
    for name in package.__all__:
        assert hasattr(package, name)


def _documented() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(reid_core.__path__, "reid_core.")]
    return [name for name in names if name.removeprefix("reid_core.").startswith(DOCUMENTED)]


@pytest.mark.parametrize("name", _documented())
def test_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(name)
    results = doctest.testmod(module, extraglobs={"torch": importlib.import_module("torch")})
    assert results.failed == 0
