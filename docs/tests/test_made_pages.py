"""The pages that are made from the registries: complete, and their commands run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_pages import PACKAGES, public_parts
from dataset_pages import dataset_pages
from page_reader import furnish_for_recipes
from page_shell import Shell
from recipe_pages import recipe_pages
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from reid_core.training import list_recipes
from reid_data import list_attribute_sets, list_datasets

RECIPES, DATASETS = recipe_pages(), dataset_pages()


@pytest.fixture(scope="module")
def desk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One desk for all recipes: none of them changes what lies there."""
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        furnish_for_recipes(folder, home)
        yield folder


def run_commands(text: str, folder: Path) -> None:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    found = list(Sybil(parsers=[CodeBlockParser("sh", Shell({}))]).parse(page).examples())
    for block in found:
        block.evaluate()


# Networks that begin with published weights, which a test has not; they have tests of their own.
PUBLISHED = ("attr-baseline", "attr-c2tnet", "gen-patn")
RUNNABLE = [name for name in RECIPES if not any(word in name for word in ("index", *PUBLISHED))]


@pytest.mark.parametrize("address", RUNNABLE)
def test_the_command_of_a_recipe_runs(address: str, desk: Path) -> None:
    run_commands(RECIPES[address][1], desk)
    # A folder for each would be gigabytes of untrained networks.
    shutil.rmtree(desk / "runs" / Path(address).stem.removeprefix("attr-").removeprefix("gen-"))


@pytest.mark.parametrize("address", [name for name in DATASETS if "```sh" in DATASETS[name][1]])
def test_a_data_set_is_drawn_and_read(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_commands(DATASETS[address][1], tmp_path)


def test_every_recipe_and_data_set_has_a_page_that_the_overview_links() -> None:
    for pages, names in (
        (RECIPES, list_recipes()),
        (DATASETS, [*list_datasets(), *(f"attributes-{name}" for name in list_attribute_sets())]),
    ):
        folder = next(iter(pages)).partition("/")[0]
        assert {f"{folder}/{name}.md" for name in names} <= set(pages)
        overview = pages[f"{folder}/index.md"][1]
        assert [
            page for page in pages if "index" not in page and Path(page).name not in overview
        ] == []


@pytest.mark.parametrize(("recipe", "data"), [("native", "native"), ("pa100k", "pa100k")])
def test_a_recipe_of_attributes_names_the_table_that_has_them(recipe: str, data: str) -> None:
    assert f"--data {data} --root {data} " in RECIPES[f"recipes/attr-c2tnet-{recipe}.md"][1]


def test_every_page_of_a_data_set_says_on_which_terms() -> None:
    silent = [name for name, (_, text) in DATASETS.items() if "icence" not in text]
    assert silent == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_part_has_a_page(package: str) -> None:
    names = [name for page in public_parts(package).values() for name in page]
    assert len(names) >= 3
