"""The Python blocks of every README are tests: what people copy must run.

And what every package must do alike is tested in ``tests/``, for one of them or for all.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a session ask one package alone, in an environment that holds what it declares."""
    parser.addoption("--house", default=None, help="which package tests/ looks at: data, eval ...")


def pytest_configure() -> None:
    """Let examples of properties take their time: a busy machine is no fault of the code."""
    if find_spec("hypothesis"):
        from hypothesis import settings

        settings.register_profile("patient", deadline=None)
        settings.load_profile("patient")


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a README writes out of the repository."""
    monkeypatch.chdir(tmp_path)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], fixtures=["in_empty_folder"]
).pytest()
