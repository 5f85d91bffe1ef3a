"""Modules of one's own, by a file or by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reid_data.cli import app
from reid_data.console import run
from reid_data.plugins import load_plugins, loaded_plugins, locate_plugins

READER = """
from neighbour_of_plugin import FOLDER
from reid_data import DatasetInfo, Records, register_dataset

@register_dataset(DatasetInfo("plugged", licence="our own", citation="us"))
def read_plugged(root):
    raise AssertionError("only listed")
"""


@pytest.fixture(autouse=True)
def same_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_a_file_is_imported_once_and_finds_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plugged_reader.py").write_text(READER)
    (tmp_path / "neighbour_of_plugin.py").write_text("FOLDER = 'here'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys, "argv", ["reid-data", "--plugin", "plugged_reader.py", "list", "--json"]
    )
    with pytest.raises(SystemExit) as end:
        run(app)
    assert end.value.code == 0
    assert '"plugged"' in capsys.readouterr().out
    load_plugins([str(tmp_path / "plugged_reader.py")])  # a second time it would register twice
    assert loaded_plugins().count(str(tmp_path / "plugged_reader.py")) == 1


def test_nothing_beside_a_plugin_takes_the_place_of_an_installed_module(tmp_path: Path) -> None:
    (tmp_path / "with_a_wrong_neighbour.py").write_text("import colorsys, this_is_there_not_\n")
    (tmp_path / "colorsys.py").write_text("raise SystemExit\n")
    with pytest.raises(ValueError, match="this_is_there_not_"):
        load_plugins([str(tmp_path / "with_a_wrong_neighbour.py")])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("plugin_not_there.py", None, "there is no plugin .*plugin_not_there.py"),
        ("plugin_broken.py", "1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero"),
        ("plugin_no_python.py", "def (\n", "cannot be imported: SyntaxError"),
        ("json.py", "\n", "has the name of a module, .*; rename the file"),
        ("no_such_package.terms", None, "no_such_package"),
    ],
)
def test_what_cannot_be_imported_is_said_in_one_line(
    name: str, text: str | None, said: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=said) as caught:
        load_plugins(locate_plugins([name], folder=tmp_path))
    assert "\n" not in str(caught.value)
