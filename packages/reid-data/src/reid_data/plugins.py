"""Modules of one's own, which register data sets, networks or loss terms when they are imported.

A plugin runs with all that its user may do, so only what a user names is imported: with
``--plugin``, or in a recipe file that they name. What the folder of a model says of plugins is
told, and never followed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from reid_data.console import one_line

__all__ = ["load_plugins", "loaded_plugins", "locate_plugins"]

_SUFFIX = ".py"
_loaded: list[str] = []


def load_plugins(names: Iterable[str]) -> None:
    """Import plugins, each once in a process.

    Args:
        names: modules as ``import`` finds them, or files that end in ``.py``. What lies beside a
            file can be imported from it.

    Raises:
        ValueError: there is none of that name, or importing it fails; says why.
    """
    for name in locate_plugins(names):
        if name not in _loaded:
            _load(name)
            _loaded.append(name)


def loaded_plugins() -> tuple[str, ...]:
    """What `load_plugins` has imported in this process, in order."""
    return tuple(_loaded)


def locate_plugins(names: Iterable[str], *, folder: Path = Path()) -> list[str]:
    """Plugins by names that hold in every folder: files with their whole path.

    Args:
        names: as of `load_plugins`.
        folder: from which relative paths lead.

    Examples:
        >>> locate_plugins(["my_package.terms", "/code/terms.py"])
        ['my_package.terms', '/code/terms.py']
    """
    return [str((folder / name).resolve()) if name.endswith(_SUFFIX) else name for name in names]


def _load(name: str) -> None:
    path = Path(name)
    is_file = name.endswith(_SUFFIX)
    if is_file and not path.is_file():
        raise ValueError(f"there is no plugin {name}")
    if is_file and str(path.parent) not in sys.path:
        # Last, so that no neighbour of the plugin takes the place of an installed module.
        sys.path.append(str(path.parent))
    try:
        module = import_module(path.stem if is_file else name)
    except Exception as error:  # a stranger's code may raise anything
        said = f"{type(error).__name__}: {one_line(error)}"
        raise ValueError(f"plugin {name} cannot be imported: {said}") from error
    found = getattr(module, "__file__", None)
    if is_file and (found is None or Path(found).resolve() != path):
        raise ValueError(f"plugin {name} has the name of a module, {found}; rename the file")
