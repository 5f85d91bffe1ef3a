"""Wheels: built from a tree, and what must be in one."""

from __future__ import annotations

import email
import io
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path

from house import NAMES, Package, ReleaseError, git, sibling_bounds

__all__ = ["build", "check_bounds", "check_wheel", "lowest_siblings", "metadata"]


def build(package: Package, out: Path, *, sdist: bool = False) -> Path:
    """Build a wheel, through a source distribution if that is wanted too; gives the wheel."""
    kinds = () if sdist else ("--wheel",)
    command = [sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", str(out)]
    done = subprocess.run(
        [*command, str(package.folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ReleaseError(f"{package.distribution} cannot be built: {done.stdout}{done.stderr}")
    return next(out.glob(f"{package.module}-{package.version}-*.whl"))


def metadata(wheel: Path) -> Message:
    """The wheel's METADATA."""
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read(f"{_info(wheel)}/METADATA"))


def check_wheel(package: Package, wheel: Path) -> None:
    """Hold a wheel to the tree: every file of the package that git knows, and nothing else.

    Raises:
        ReleaseError: a file is missing or foreign, or what must always be there is not.
    """
    source = package.folder / "src"
    known = set(git(source, "ls-files", "--", package.module).split("\n")) - {""}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    info = {name for name in names if name.startswith(f"{_info(wheel)}/")}
    needed = {
        f"{package.module}/py.typed",
        f"{_info(wheel)}/licenses/LICENSE",
        f"{_info(wheel)}/entry_points.txt",
    }
    for what, files in (
        ("misses", known - names),
        ("misses", needed - names),
        ("also holds", names - info - known),
        ("holds tests:", {name for name in names if "tests" in Path(name).parts}),
    ):
        if files:
            raise ReleaseError(f"{wheel.name} {what} {', '.join(sorted(files)[:5])}")
    told = metadata(wheel)
    if told["Version"] != str(package.version) or "License-Expression" not in told:
        raise ReleaseError(f"{wheel.name} tells version {told['Version']} or no licence")


def check_bounds(package: Package, wheel: Path) -> None:
    """Refuse bounds that leave out the siblings as they are in the tree.

    Raises:
        ReleaseError: one is left out.
    """
    for name, bounds in sibling_bounds(metadata(wheel).get_all("Requires-Dist", [])).items():
        sibling = Package(name, package.tree)
        if sibling.version not in bounds:
            raise ReleaseError(
                f"{package.distribution} demands {sibling.distribution}{bounds}, which leaves out "
                f"{sibling.version} of the tree; move the bounds in its pyproject.toml"
            )


def lowest_siblings(package: Package, wheel: Path, out: Path) -> list[Path]:
    """Wheels of the oldest siblings that a wheel's bounds admit: of tags, else of the tree.

    A sibling demands siblings too, of which the same is true.
    """
    found: dict[str, Path] = {}
    open_bounds = sibling_bounds(metadata(wheel).get_all("Requires-Dist", []))
    while open_bounds:
        name, bounds = open_bounds.popitem()
        if name in found or name == package.name:
            continue
        sibling = Package(name, package.tree)
        tags = [tag for version, tag in sibling.released().items() if version in bounds]
        if tags:
            sibling = Package(name, _unpacked(sibling, tags[0], out / tags[0]))
        found[name] = build(sibling, out)
        open_bounds |= sibling_bounds(metadata(found[name]).get_all("Requires-Dist", []))
    return [found[name] for name in NAMES if name in found]


def _unpacked(package: Package, tag: str, folder: Path) -> Path:
    where = package.folder.relative_to(package.tree)
    command = ["git", "archive", "--format=zip", tag, "--", str(where)]
    done = subprocess.run(command, cwd=package.tree, check=True, capture_output=True)
    with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder)
    return folder


def _info(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}-{version}.dist-info"
