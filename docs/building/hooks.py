"""What mkdocs does beside turning pages into HTML: formulas, and pages from the registries."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from api_pages import api_pages, missing_names
from dataset_pages import dataset_pages
from example_pages import example_pages
from formulas import ask_for_formulas
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from package_pages import package_pages
from recipe_pages import recipe_pages

Pages = dict[str, tuple[str, str]]
"""Of each page its address below docs/: its place in the navigation, and its Markdown.

The place is a title, or the title of a group and a title with a slash between.
"""

MADE: dict[str, Callable[[], Pages]] = {
    "Examples": example_pages,
    "Packages": package_pages,
    "Recipes": recipe_pages,
    "Data sets": dataset_pages,
    "Reference": api_pages,
}
_pages: dict[str, Pages] = {}
_log = logging.getLogger("mkdocs.hooks.pages")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the pages, and put them where the navigation has the name of their section."""
    ask_for_formulas(config.mdx_configs)
    _pages.update({section: make() for section, make in MADE.items()})
    config.nav = [_filled(entry) for entry in config.nav or ()]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages to those that lie in docs/."""
    for pages in _pages.values():
        for address, (_, text) in pages.items():
            files.append(File.generated(config, address, content=text))
    return files


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """A public name that the reference does not explain is a warning, which fails the build."""
    for name in missing_names(page.file.src_uri, html):
        _log.warning("%s is public, but not on page %s", name, page.file.src_uri)
    return html


def _filled(entry: Any) -> Any:
    """A section of the navigation, with the pages made for it."""
    if isinstance(entry, dict):
        for section, pages in _pages.items():
            if section in entry:
                return {section: _tree(pages)}
    return entry


def _tree(pages: Pages) -> list[Any]:
    """The navigation of some pages, grouped."""
    groups: dict[str, list[Any]] = {}
    for address, (place, _) in pages.items():
        group, _, title = place.rpartition("/")
        groups.setdefault(group, []).append({title: address} if title else address)
    return [
        *groups.pop("", []),
        *({group: entries} for group, entries in groups.items()),
    ]
