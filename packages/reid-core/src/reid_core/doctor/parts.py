"""What the packages of the house declare, and what of it is there and can be imported."""

from __future__ import annotations

import importlib
import io
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from typing import Literal
from unittest.mock import patch

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["HOUSE", "Group", "Part", "check_parts", "try_import"]

HOUSE = ("reid-data", "reid-eval", "reid-core", "reid-attr", "reid-gen")

State = Literal["fine", "missing", "other version", "broken"]


@dataclass(frozen=True)
class Part:
    """A distribution that somebody needs.

    Attributes:
        name: of the distribution.
        state: ``fine``, ``missing``, ``other version`` (than is declared) or ``broken`` (its import
            raises).
        version: that is installed; empty where none is.
        said: what is wrong, in one line.
    """

    name: str
    state: State
    version: str = ""
    said: str = ""


@dataclass(frozen=True)
class Group:
    """What a package always needs, or one of its extras.

    Attributes:
        package: of the house.
        extra: its extra; empty: what it always needs.
        parts: distributions.
    """

    package: str
    extra: str
    parts: tuple[Part, ...]

    @property
    def works(self) -> bool:
        """Whether every part does."""
        return all(part.state == "fine" for part in self.parts)

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f'pip install "{self.package}{f"[{self.extra}]" if self.extra else ""}"'


def check_parts(
    packages: Iterable[str] = HOUSE, *, advance: Callable[[int], None] | None = None
) -> list[Group]:
    """Look at what the installed packages of the house declare, and import it.

    Args:
        packages: their names; those that are not installed are left out.
        advance: is called with 1 after each package.
    """
    known: dict[str, Part] = {}
    modules = _modules()
    groups = []
    for package in packages:
        try:
            about = distribution(package)
        except PackageNotFoundError:
            continue
        finally:
            if advance:
                advance(1)
        for extra in ("", *sorted(about.metadata.get_all("Provides-Extra") or ())):
            wanted = _wanted(package, extra)
            parts = tuple(_checked(one, modules, known) for _, one in sorted(wanted.items()))
            groups.append(Group(package, extra, parts))
    return groups


def try_import(module: str) -> str:
    """Import a module silently; gives what it raised in one line, or nothing.

    Strangers' modules may raise anything, write, or end the process.
    """
    try:
        with _unheard(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(module)
    except (Exception, SystemExit) as error:
        return " ".join(f"{type(error).__name__}: {error}".split())
    return ""


@contextmanager
def _unheard() -> Iterator[None]:
    """Let nothing be heard that is written meanwhile.

    The streams of before stand as the process's first ones. A log handler whose stream is neither
    these nor those takes it for abandoned, and closes it when a module sets up logging anew: absl's
    does, under pymilvus, where sys.stderr is a notebook's.
    """
    nowhere = io.StringIO()
    out = patch.object(sys, "__stdout__", sys.stdout)
    err = patch.object(sys, "__stderr__", sys.stderr)
    with out, err, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _wanted(package: str, extra: str) -> dict[str, Requirement]:
    """What a package declares for an extra, by name; of ``other[plots]`` also what plots want."""
    found: dict[str, Requirement] = {}
    for one in map(Requirement, distribution(package).requires or ()):
        if _belongs(one, extra):
            found[canonicalize_name(one.name)] = one
            with suppress(PackageNotFoundError):
                for inner in sorted(one.extras):
                    found |= _wanted(one.name, inner)
    return found


def _belongs(requirement: Requirement, extra: str) -> bool:
    """Whether a requirement is one of an extra, or, without extra, one that always holds."""
    marker = requirement.marker
    if marker is None:
        return not extra
    always = marker.evaluate({"extra": ""})
    return always if not extra else marker.evaluate({"extra": extra}) and not always


def _checked(
    requirement: Requirement, modules: dict[str, list[str]], known: dict[str, Part]
) -> Part:
    name = canonicalize_name(requirement.name)
    try:
        version = distribution(name).version
    except PackageNotFoundError:
        return Part(name, "missing", said="is not installed")
    if not requirement.specifier.contains(version, prereleases=True):
        return Part(name, "other version", version, f"expected {requirement.specifier}")
    if name not in known:
        said = try_import(_main_module(name, modules.get(name, [])))
        known[name] = Part(name, "broken" if said else "fine", version, said)
    return known[name]


def _modules() -> dict[str, list[str]]:
    """Import names by distribution."""
    found: dict[str, list[str]] = {}
    for module, owners in packages_distributions().items():
        for owner in owners:
            found.setdefault(canonicalize_name(owner), []).append(module)
    return found


def _main_module(name: str, modules: list[str]) -> str:
    plain = name.replace("-", "_")
    public = [each for each in modules if re.fullmatch(r"[A-Za-z]\w*", each)]
    alike = [each for each in public if each.lower() == plain]
    return next(iter(alike or sorted(public, key=len)), plain)
