"""What every package of the house must do alike; `--house data` asks one, else all installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

NAMES = ("data", "eval", "core", "attr", "gen")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask each package that is wanted."""
    if "package" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--house")
        found = [name for name in NAMES if find_spec(f"reid_{name}")]
        metafunc.parametrize("package", [wanted] if wanted else found)
