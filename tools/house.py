"""The five packages in the tree: where they lie, which version each is, what each was."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

__all__ = ["NAMES", "Package", "ReleaseError", "git", "sibling_bounds"]

NAMES = ("data", "eval", "core", "attr", "gen")


class ReleaseError(ValueError):
    """What stands against a release, in one line."""


@dataclass(frozen=True)
class Package:
    """One package of a tree.

    Attributes:
        name: short, such as ``"data"``.
        tree: root of the repository.
    """

    name: str
    tree: Path

    @property
    def distribution(self) -> str:
        """As it is installed: ``reid-data``."""
        return f"reid-{self.name}"

    @property
    def module(self) -> str:
        """As it is imported: ``reid_data``."""
        return f"reid_{self.name}"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.tree / "packages" / self.distribution

    @property
    def version(self) -> Version:
        """Its ``__version__``, read without importing it."""
        init = self.folder / "src" / self.module / "__init__.py"
        for node in ast.parse(init.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__version__":
                return Version(str(ast.literal_eval(node.value)))
        raise ReleaseError(f"{init} has no __version__")

    @property
    def tag(self) -> str:
        """The tag of this version: ``reid-data-v0.1.0``."""
        return f"{self.distribution}-v{self.version}"

    def released(self) -> dict[Version, str]:
        """Versions that have a tag, oldest first, and their tags."""
        found = {}
        for tag in git(self.tree, "tag", "--list", f"{self.distribution}-v*").split():
            try:
                found[Version(tag.removeprefix(f"{self.distribution}-v"))] = tag
            except InvalidVersion as error:
                raise ReleaseError(f"tag {tag} names no version; expected {self.tag}") from error
        return dict(sorted(found.items()))


def git(tree: Path, *words: str) -> str:
    """What git says."""
    done = subprocess.run(["git", *words], cwd=tree, check=True, capture_output=True, text=True)
    return done.stdout


def sibling_bounds(requirements: list[str]) -> dict[str, SpecifierSet]:
    """Bounds of the other packages of the house, over all extras, by short name."""
    bounds: dict[str, SpecifierSet] = {}
    for requirement in map(Requirement, requirements):
        name = requirement.name.removeprefix("reid-")
        if requirement.name.startswith("reid-") and name in NAMES:
            bounds[name] = bounds.get(name, SpecifierSet()) & requirement.specifier
    return bounds
