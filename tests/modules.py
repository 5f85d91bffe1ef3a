"""The modules of a package, by its files."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

__all__ = ["modules_of", "source_of"]


def source_of(package: str) -> Path:
    """The folder of ``reid_PACKAGE``."""
    return Path(str(import_module(f"reid_{package}").__file__)).parent


def modules_of(package: str) -> dict[str, Path]:
    """Each module with its file; those that are private are left out."""
    root = source_of(package)
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if "._" not in name:
            found[name] = path
    return found
