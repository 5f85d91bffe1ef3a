"""Changelogs: fragments in ``changes/`` become the section of a release."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from house import Package, ReleaseError

__all__ = ["check_changelog", "fragments", "write_section"]


def fragments(package: Package) -> list[Path]:
    """Changes that no release has told yet."""
    return sorted((package.folder / "changes").glob("*.md"))


def check_changelog(package: Package) -> None:
    """Refuse a release whose changes are not told.

    Raises:
        ReleaseError: the changelog has no dated section of this version with something in it, or
            fragments are left.
    """
    text = _file(package).read_text(encoding="utf-8")
    heading = rf"^## {re.escape(str(package.version))} \(\d{{4}}-\d\d-\d\d\)\n(.*?)(?=^## |\Z)"
    section = re.search(heading, text, flags=re.MULTILINE | re.DOTALL)
    if section is None:
        raise ReleaseError(
            f"{_file(package)} has no section '## {package.version} (YYYY-MM-DD)'; write it with: "
            f"python tools/release.py {package.name} --write-changelog"
        )
    if not re.search(r"^- ", section[1], flags=re.MULTILINE):
        raise ReleaseError(f"{_file(package)} says nothing of {package.version}")
    if left := fragments(package):
        raise ReleaseError(f"{left[0]} is not in the changelog yet ({len(left)} such)")


def write_section(package: Package, *, date: str) -> None:
    """Turn the fragments into the section of this version.

    A section that was begun by hand as ``(unreleased)`` gets the date, and the fragments at its
    end.

    Args:
        package: whose.
        date: of the release, as 2026-11-21.
    """
    file, version = _file(package), str(package.version)
    text = file.read_text(encoding="utf-8")
    begun = re.search(
        rf"^## {re.escape(version)} \(unreleased\)\n.*?(?=^## |\Z)",
        text,
        flags=re.MULTILINE | re.DOTALL,
    )
    if begun is None:
        _towncrier(package, "build", "--yes", "--version", version, "--date", date)
        return
    section = begun[0].rstrip().replace("(unreleased)", f"({date})", 1)
    if left := fragments(package):
        draft = _towncrier(package, "build", "--draft", "--version", version, "--date", date)
        section += "\n\n" + draft.partition(f"## {version} ({date})")[2].strip()
    rest = text[begun.end() :]
    text = text[: begun.start()] + section + "\n" + (f"\n{rest}" if rest else "")
    file.write_text(text, encoding="utf-8")
    for fragment in left:
        fragment.unlink()


def _file(package: Package) -> Path:
    return package.folder / "CHANGELOG.md"


def _towncrier(package: Package, verb: str, *options: str) -> str:
    where = ("--config", str(package.tree / "towncrier.toml"), "--dir", str(package.folder))
    command = [sys.executable, "-m", "towncrier", verb, *where, *options]
    done = subprocess.run(command, cwd=package.tree, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"towncrier: {' '.join((done.stderr or done.stdout).split())}")
    return done.stdout
