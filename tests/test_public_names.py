"""Public names are there, in whatever order modules are imported; which they are the ledger holds.

``public-names.txt`` of each package is that ledger, see `tools/public_api.py`.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from types import ModuleType

from .modules import modules_of, source_of


def test_every_name_is_there_once_all_modules_are(package: str) -> None:
    """A module that bears the name of a function would take its place once it is imported."""
    modules = [import_module(name) for name in modules_of(package)]
    for module in modules:
        # An __init__.py may hold nothing but what the package is.
        listed = getattr(module, "__all__", () if hasattr(module, "__path__") else None)
        assert listed is not None, module.__name__
        for name in listed:
            found = getattr(module, name)
            assert found is not None, (module.__name__, name)
            assert not isinstance(found, ModuleType), (module.__name__, name)


def test_stubs_list_what_is_offered(package: str) -> None:
    source = source_of(package)
    for stub in sorted(source.rglob("__init__.pyi")):
        name = ".".join(stub.relative_to(source.parent).parent.parts)
        offered = set(import_module(name).__all__)
        assert offered - {"__version__"} == _listed(stub) - {"__version__"}, name


def _listed(stub: Path) -> set[str]:
    """``__all__``, or what is imported under its own name."""
    body = ast.parse(stub.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    imports = [node for node in body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}
