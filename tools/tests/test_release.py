"""What a release refuses, and the whole way of one, on a small package made here."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import built
import changelog
import public_api
import pytest
import release
from house import Package, ReleaseError, git

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "reid-{name}"
dynamic = ["version"]
license = "Apache-2.0"
dependencies = [{needs}]
[project.scripts]
reid-{name} = "reid_{name}:main"
[tool.hatch.build.targets.wheel]
packages = ["src/reid_{name}"]
[tool.hatch.version]
path = "src/reid_{name}/__init__.py"
"""
SOURCE = '''"""A package."""
__all__ = ["main", "measure"]
__version__ = "{version}"
def main() -> None: ...
def measure(image: str, *, scale: float = 1.0) -> float: return scale
'''
CONFIG = Path(__file__).parents[2] / "towncrier.toml"


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(tree: Path) -> None:
    git(tree, "add", "--all")
    me = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    git(tree, *me, "commit", "--quiet", "--message", "Change")


def make(tree: Path, name: str, *, version: str = "0.2.0", needs: str = "") -> Package:
    here = f"packages/reid-{name}"
    files = {
        "pyproject.toml": PYPROJECT.format(name=name, needs=needs),
        "LICENSE": "Apache",
        "CHANGELOG.md": f"# Changes\n\n<!-- releases -->\n\n## {version} (2026-11-21)\n\n- All.\n",
        "changes/.gitkeep": "",
        f"src/reid_{name}/__init__.py": SOURCE.format(version=version),
        f"src/reid_{name}/py.typed": "",
        f"src/reid_{name}/recipes/small.yaml": "a: 1\n",
    }
    write(tree, {f"{here}/{file}": text for file, text in files.items()})
    return Package(name, tree)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """A tagged package in a repository of its own."""
    write(tmp_path, {"towncrier.toml": CONFIG.read_text()})
    git(tmp_path, "init", "--quiet")
    made = make(tmp_path, "data")
    commit(tmp_path)
    git(tmp_path, "tag", "reid-data-v0.2.0")
    return made


def test_what_its_tag_says_is_built_with_the_oldest_siblings(package: Package) -> None:
    tree, out = package.tree, package.tree.parent / "out"
    # The sibling's later version stays below the bounds too, and is not taken.
    make(tree, "data", version="0.2.5")
    commit(tree)
    git(tree, "tag", "reid-data-v0.2.5")
    upper = make(tree, "eval", version="0.3.0", needs='"reid-data>=0.2,<0.3"')
    commit(tree)
    git(tree, "tag", "reid-eval-v0.3.0")
    *siblings, wheel = release.release(upper, out)
    assert [path.name.split("-")[:2] for path in siblings] == [["reid_data", "0.2.0"]]
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"reid_eval/py.typed", "reid_eval/recipes/small.yaml"} <= set(names)
    assert [path.name for path in (out / "dist").glob("*.tar.gz")] == ["reid_eval-0.3.0.tar.gz"]


def test_bounds_that_leave_the_tree_out_are_refused(package: Package) -> None:
    upper = make(package.tree, "eval", needs='"reid-data>=0.1,<0.2"')
    commit(package.tree)
    wheel = built.build(upper, package.tree.parent / "out")
    with pytest.raises(ReleaseError, match=r"reid-data<0.2,>=0.1, which leaves out 0.2.0"):
        built.check_bounds(upper, wheel)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipes/small.yaml": None}, r"misses reid_data/recipes/small.yaml"),
        ({"foreign.txt": "x"}, r"also holds reid_data/foreign.txt"),
    ],
)
def test_a_wheel_holds_what_git_knows(
    package: Package, change: dict[str, str | None], said: str
) -> None:
    source = package.folder / "src" / "reid_data"
    for name, text in change.items():
        (source / name).write_text(text) if text else (source / name).unlink()
    wheel = built.build(package, package.tree.parent / "out")
    with pytest.raises(ReleaseError, match=said):
        built.check_wheel(package, wheel)


def test_a_tag_of_another_version_or_a_changed_file_is_refused(package: Package) -> None:
    release.check_tag(package)
    (package.folder / "LICENSE").write_text("changed")
    with pytest.raises(ReleaseError, match="differs from its tag"):
        release.check_tag(package)
    make(package.tree, "data", version="0.3.0")
    with pytest.raises(
        ReleaseError, match=r"expected tag reid-data-v0.3.0 on HEAD.*came reid-data-v0.2"
    ):
        release.check_tag(package)


def test_fragments_become_the_section_of_a_release(package: Package) -> None:
    fragment = package.folder / "changes" / "12.added.md"
    fragment.write_text("`measure` takes a scale.\n")
    with pytest.raises(ReleaseError, match=r"12\.added\.md is not in the changelog yet"):
        changelog.check_changelog(package)
    make(package.tree, "data", version="0.3.0")
    file = package.folder / "CHANGELOG.md"
    file.write_text(file.read_text().replace("0.3.0", "0.2.0"))
    with pytest.raises(ReleaseError, match=r"no section '## 0\.3\.0 \(YYYY-MM-DD\)'"):
        changelog.check_changelog(package)
    changelog.write_section(package, date="2026-12-01")
    changelog.check_changelog(package)
    text = file.read_text()
    assert text.index("## 0.3.0 (2026-12-01)") < text.index("## 0.2.0 (2026-11-21)")
    assert "- `measure` takes a scale. (issue 12)" in text
    assert not fragment.exists()


def test_a_section_begun_by_hand_gets_the_fragments_at_its_end(package: Package) -> None:
    file = package.folder / "CHANGELOG.md"
    file.write_text("# Changes\n\n<!-- releases -->\n\n## 0.2.0 (unreleased)\n\n- By hand.\n")
    (package.folder / "changes" / "+one.fixed.md").write_text("It works.")
    changelog.write_section(package, date="2026-12-01")
    assert file.read_text().endswith(
        "## 0.2.0 (2026-12-01)\n\n- By hand.\n\n### Fixed\n\n- It works.\n"
    )
    changelog.check_changelog(package)


def test_public_names_are_held_to_the_ledger_and_to_the_last_tag(package: Package) -> None:
    ledger = public_api.ledger(package)
    ledger.write_text("\n".join(public_api.public_lines(package)) + "\n")
    assert "reid_data.measure(image, scale=)" in ledger.read_text()
    assert "0 changes since 0.2.0" in public_api.check(package)
    init = package.folder / "src" / "reid_data" / "__init__.py"
    init.write_text(init.read_text().replace("scale: float", "factor: float"))
    with pytest.raises(ReleaseError, match=r"\+ reid_data.measure\(image, factor=\)"):
        public_api.check(package)
    ledger.write_text("\n".join(public_api.public_lines(package)) + "\n")
    with pytest.raises(
        ReleaseError, match=r"breaks users of 0.2.0; that needs a new minor version"
    ):
        public_api.check(package)
    init.write_text(init.read_text().replace("0.2.0", "0.3.0"))
    assert "changes since 0.2.0 that break users" in public_api.check(package)
