"""What is deprecated in a package, found in its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from reid_data.deprecation import gone_in

__all__ = ["overdue"]


def overdue(source: Path, version: str) -> Iterator[str]:
    """Names that should be gone in a version, a line each.

    Args:
        source: folder of a package.
        version: its version, three numbers.
    """
    for path in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for decorator in getattr(node, "decorator_list", ()):
                if _is_ours(decorator):
                    told = {each.arg: each.value for each in decorator.keywords}
                    gone = gone_in(ast.literal_eval(told["since"]))
                    if _numbers(version) >= _numbers(gone):
                        yield f"{path}:{node.lineno}: {node.name} should be gone since {gone}"


def _is_ours(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else None
    return getattr(called, "id", getattr(called, "attr", "")) == "deprecated"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
