"""The Python blocks of every README are tests: what people copy must run.

And what every package must do alike is tested in ``tests/``, for one of them or for all.
"""

import sys
from collections.abc import Callable
from importlib import import_module
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
def script(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """``script("reid-data", "info", ...)`` in this process: exit code, stdout and stderr."""

    def call(name: str, *arguments: object) -> tuple[int, str, str]:
        from reid_data.console import run

        app = import_module(f"{name.replace('-', '_')}.cli").app
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run(app)
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a README writes out of the repository."""
    monkeypatch.chdir(tmp_path)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()], patterns=["README.md"], fixtures=["in_empty_folder"]
).pytest()
