"""Formulas as MathML, made when the site is built: no script, no font and no network is needed.

A fenced block ``math`` and an inline ``#!math x`` hold LaTeX.
"""

from __future__ import annotations

from typing import Any

from latex2mathml.converter import convert

__all__ = ["ask_for_formulas"]


def _block(source: str, *_: Any, **__: Any) -> str:
    """What superfences puts in place of a block."""
    lines = [line for line in source.split("\n\n") if line.strip()]
    return "".join(f'<div class="formula">{convert(line, display="block")}</div>' for line in lines)


def _inline(source: str, *_: Any) -> str:
    """What inlinehilite puts in place of a word."""
    return str(convert(source))


def ask_for_formulas(extensions: dict[str, Any]) -> None:
    """Make the two Markdown extensions that know code blocks know formulas.

    Args:
        extensions: ``config.mdx_configs`` of mkdocs, which is changed.
    """
    extensions.setdefault("pymdownx.superfences", {})["custom_fences"] = [
        {"name": "math", "class": "formula", "format": _block}
    ]
    extensions.setdefault("pymdownx.inlinehilite", {})["custom_inline"] = [
        {"name": "math", "class": "formula", "format": _inline}
    ]
