"""Check and build a package as its tag would publish it: ``python tools/release.py data``.

Without a tag, ``--rehearse`` goes the whole way in a clone, where it makes one.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import sys
from pathlib import Path

from built import build, check_bounds, check_wheel, lowest_siblings
from changelog import check_changelog, write_section
from house import NAMES, Package, ReleaseError, git

__all__ = ["check_tag", "main", "release"]


def main() -> None:
    """Read the command line; what stands against the release is one line and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", choices=NAMES)
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder for what is built")
    parser.add_argument("--rehearse", action="store_true", help="in a clone, with a tag made there")
    parser.add_argument(
        "--write-changelog", action="store_true", help="only turn fragments into the section"
    )
    given = parser.parse_args()
    package = Package(given.package, Path(__file__).resolve().parent.parent)
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    try:
        if given.write_changelog:
            write_section(package, date=today)
            return
        out = given.out.resolve()
        if given.rehearse:
            package = rehearsed(package, out / "clone", date=today)
        for wheel in release(package, out):
            sys.stdout.write(f"{wheel}\n")
    except ReleaseError as problem:
        sys.stderr.write(f"error: {problem}\n")
        sys.exit(2)


def release(package: Package, out: Path) -> list[Path]:
    """Check everything and build; gives the siblings' wheels and, last, the package's own.

    Raises:
        ReleaseError: what stands against the release.
    """
    check_tag(package)
    check_changelog(package)
    wheel = build(package, out / "dist", sdist=True)
    check_wheel(package, wheel)
    check_bounds(package, wheel)
    return [*lowest_siblings(package, wheel, out / "siblings"), wheel]


def check_tag(package: Package) -> None:
    """Refuse what is not exactly the tagged commit.

    Raises:
        ReleaseError: HEAD bears no tag of this package or another version's, or files have changed.
    """
    tags = git(package.tree, "tag", "--points-at", "HEAD").split()
    own = [tag for tag in tags if tag.startswith(f"{package.distribution}-v")]
    if own != [package.tag]:
        raise ReleaseError(
            f"expected tag {package.tag} on HEAD, for {package.distribution} says __version__ = "
            f"{package.version}; came {', '.join(own) or 'none'} (--rehearse goes without)"
        )
    changed = git(package.tree, "status", "--porcelain", "--", str(package.folder))
    if changed:
        raise ReleaseError(
            f"{package.distribution} differs from its tag: {changed.splitlines()[0]}"
        )


def rehearsed(package: Package, clone: Path, *, date: str) -> Package:
    """The package in a clone of HEAD, with its changelog written and its tag set there."""
    shutil.rmtree(clone, ignore_errors=True)
    git(package.tree, "clone", "--quiet", str(package.tree), str(clone))
    copy = Package(package.name, clone)
    write_section(copy, date=date)
    me = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost")
    git(clone, *me, "commit", "--quiet", "--all", "--message", f"Release {copy.tag}")
    git(clone, "tag", "--force", copy.tag)
    return copy


if __name__ == "__main__":
    main()
