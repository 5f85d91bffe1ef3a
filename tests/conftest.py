"""What every package of the house must do alike; `--house data` asks one, else all installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from .scenes import calls_of

NAMES = ("data", "eval", "core", "attr", "gen")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask each package that is wanted."""
    if "package" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--house")
        found = [name for name in NAMES if find_spec(f"reid_{name}")]
        asked = [wanted] if wanted else found
        if "line" not in metafunc.fixturenames:
            metafunc.parametrize("package", asked)
            return
        lines = [(name, line) for name in asked for line in range(len(calls_of(name)))]
        names = [f"{name}-{calls_of(name)[line].verb}" for name, line in lines]
        metafunc.parametrize(("package", "line"), lines, ids=names)
