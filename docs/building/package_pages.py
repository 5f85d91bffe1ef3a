"""The README of each package as a page; links into docs/ become links between pages."""

from __future__ import annotations

from pathlib import Path

__all__ = ["package_pages"]

_PACKAGES = Path(__file__).parents[2] / "packages"
_NAMES = ("data", "eval", "core", "attr", "gen")


def package_pages() -> dict[str, tuple[str, str]]:
    """All pages: address to place in the navigation and Markdown."""
    return {f"packages/reid-{name}.md": (f"reid-{name}", _page(name)) for name in _NAMES}


def _page(name: str) -> str:
    text = (_PACKAGES / f"reid-{name}" / "README.md").read_text(encoding="utf-8")
    return text.replace("](../../docs/", "](../")
