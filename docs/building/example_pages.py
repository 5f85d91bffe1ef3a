"""A page for each script of `examples/`: what it shows, and the whole of it."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["example_pages"]

_SCRIPTS = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
_ABOUT = """\
Short scripts that use the packages as an outside project would. Each runs by itself from a clone,
as `python examples/NAME.py`, on people that it draws; `nox -s examples` runs them all."""


def example_pages() -> dict[str, tuple[str, str]]:
    """All pages: address to place in the navigation and Markdown."""
    pages = {"examples/index.md": ("", _overview())}
    return pages | {
        f"examples/{script.stem}.md": (script.stem, _page(script)) for script in _SCRIPTS
    }


def _overview() -> str:
    rows = (f"| [`{script.stem}`]({script.stem}.md) | {_first(script)} |" for script in _SCRIPTS)
    return "\n".join(["# Examples", "", _ABOUT, "", "| script | shows |", "| --- | --- |", *rows])


def _first(script: Path) -> str:
    return " ".join(_told(script)[0].partition("\n\n")[0].split())


def _page(script: Path) -> str:
    told, code = _told(script)
    return f"# {script.stem}\n\n{told}\n\n```python\n{code}```\n"


def _told(script: Path) -> tuple[str, str]:
    """What a script says of itself, as Markdown, and what stands below that."""
    text = script.read_text(encoding="utf-8")
    tree = ast.parse(text)
    below = text.splitlines(keepends=True)[tree.body[0].end_lineno or 0 :]
    told = (ast.get_docstring(tree) or "").replace("``", "`")
    return told, "".join(below).lstrip("\n")
