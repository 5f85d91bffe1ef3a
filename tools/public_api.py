"""Hold public names and signatures to what users have: the last tag, else the committed ledger.

``python tools/public_api.py`` checks all packages; ``--write`` brings ``public-names.txt`` of each
up to date, which a reviewer then sees. Public is what a package, or a package in it, lists in
``__all__``. Nothing is imported: the source is read.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import griffe
from house import NAMES, Package, ReleaseError, git

__all__ = ["breakages", "check", "ledger", "main", "public_lines"]

_COMMANDS = ("cli", "commands")  # packages for the command line only


def main() -> None:
    """Read the command line; what breaks users is a line each and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=NAMES, metavar="PACKAGE")
    parser.add_argument("--write", action="store_true", help="write the ledgers")
    given = parser.parse_args()
    tree = Path(__file__).resolve().parent.parent
    failed = False
    for name in given.packages:
        package = Package(name, tree)
        if given.write:
            ledger(package).write_text("\n".join(public_lines(package)) + "\n", encoding="utf-8")
            continue
        try:
            sys.stdout.write(f"{package.distribution}: {check(package)}\n")
        except ReleaseError as problem:
            sys.stderr.write(f"error: {problem}\n")
            failed = True
    sys.exit(2 if failed else 0)


def ledger(package: Package) -> Path:
    """The committed list of a package's public names and signatures."""
    return package.folder / "public-names.txt"


def check(package: Package) -> str:
    """Compare the tree with the last tag and with the ledger; gives what was found, in a line.

    Raises:
        ReleaseError: a public name went or changed so that users' code breaks, without a new minor
            version, or the ledger is not up to date.
    """
    now, told = public_lines(package), ledger(package).read_text(encoding="utf-8").splitlines()
    if now != told:
        changes = [line for line in difflib.ndiff(told, now) if line.startswith(("- ", "+ "))]
        raise ReleaseError(
            f"{ledger(package)} is not what the source has; where that is meant, tell it in "
            f"changes/ and write the ledger with --write: {'; '.join(changes[:8])}"
        )
    released = package.released()
    if not released:
        return f"{len(now)} public names as in the ledger; no tag to compare with"
    last = max(released)
    broken = breakages(package, released[last])
    if broken and package.version.release[:2] == last.release[:2]:
        raise ReleaseError(
            f"{package.distribution} {package.version} breaks users of {last}; that needs a new "
            f"minor version: {'; '.join(broken)}"
        )
    return f"{len(now)} public names; {len(broken)} changes since {last} that break users"


def breakages(package: Package, tag: str) -> list[str]:
    """What in the tree breaks code written for a tag, a line each."""
    with tempfile.TemporaryDirectory() as folder:
        git(package.tree, "worktree", "add", "--detach", f"{folder}/then", tag)
        try:
            before = _load(Package(package.name, Path(folder) / "then"))
            after = _load(package)
            found = [
                one
                for one in griffe.find_breaking_changes(before, after)
                if _is_public(before, one.obj.path)
            ]
            return [
                " ".join(one.explain(griffe.ExplanationStyle.ONE_LINE).split()) for one in found
            ]
        finally:
            git(package.tree, "worktree", "remove", "--force", f"{folder}/then")


def public_lines(package: Package) -> list[str]:
    """Every public name with its parameters, sorted, one a line."""
    return sorted(set(_lines(_load(package))))


def _load(package: Package) -> griffe.Module:
    loaded = griffe.load(
        package.module,
        search_paths=[package.folder / "src"],
        allow_inspection=False,
        resolve_aliases=True,
    )
    if not isinstance(loaded, griffe.Module):
        raise ReleaseError(f"{package.module} in {package.folder} is no package")
    return loaded


def _rooms(module: griffe.Module) -> Iterator[griffe.Module]:
    """A package and the packages in it that are for users of Python."""
    yield module
    for name, member in module.members.items():
        if name.startswith("_") or name in _COMMANDS:
            continue
        if isinstance(member, griffe.Module) and member.is_init_module:
            yield from _rooms(member)


def _lines(module: griffe.Module) -> Iterator[str]:
    for room in _rooms(module):
        for name in room.exports or ():
            member = room.members.get(str(name))
            if member is not None and not str(name).startswith("__"):
                yield from _told(f"{room.path}.{name}", member)


def _told(path: str, member: griffe.Object | griffe.Alias) -> Iterator[str]:
    found: griffe.Object | griffe.Alias
    try:
        found = member.final_target if isinstance(member, griffe.Alias) else member
    except griffe.AliasResolutionError:
        found = member  # of another project
    if isinstance(found, griffe.Function):
        yield f"{path}({_parameters(found.parameters)})"
    elif isinstance(found, griffe.Class):
        yield f"{path}({_parameters(_constructor(found))})"
        for name, each in found.members.items():
            if not name.startswith("_"):
                yield from _told(f"{path}.{name}", each)
    else:
        yield path


def _constructor(found: griffe.Class) -> griffe.Parameters:
    written = found.members.get("__init__")
    return written.parameters if isinstance(written, griffe.Function) else found.parameters


def _parameters(parameters: griffe.Parameters) -> str:
    """Names in their order; those that may be left out end in ``=``."""
    own = [each for each in parameters if each.name not in ("self", "cls")]
    return ", ".join(each.name + ("" if each.default is None else "=") for each in own)


def _is_public(module: griffe.Module, path: str) -> bool:
    """Whether an object, named by where it is written, can be had by a public name."""
    places = set()
    for room in _rooms(module):
        for name in room.exports or ():
            member = room.members.get(str(name))
            if member is not None:
                places.add(member.target_path if isinstance(member, griffe.Alias) else member.path)
    return any(path == place or path.startswith(f"{place}.") for place in places)


if __name__ == "__main__":
    main()
