"""The doctor: finds what is missing, of another version, or broken, and says what installs it."""

from __future__ import annotations

import io
import json
import logging
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

import pytest
from typer.testing import CliRunner

from reid_core.cli import app
from reid_core.doctor import check_machine, check_parts, checkup, list_runtimes, parts

METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: 1.0
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the house that declares much, in a folder of installed distributions."""
    install(
        tmp_path,
        "reid-house",
        "Requires-Dist: well-part\n"
        "Provides-Extra: odd\n"
        'Requires-Dist: broken-part; extra == "odd"\n'
        'Requires-Dist: well-part>=2; extra == "odd"\n'
        'Requires-Dist: no-part>=3; extra == "odd"\n',
    )
    install(tmp_path, "well-part", module="well_module")
    (tmp_path / "well_module.py").write_text("print('much')")
    install(tmp_path, "broken-part", module="broken_module")
    (tmp_path / "broken_module.py").write_text("raise OSError('libGL.so.1:\\n cannot open')")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for module in ("well_module", "broken_module"):
        sys.modules.pop(module, None)


def install(folder: Path, name: str, more: str = "", *, module: str = "") -> None:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA.format(name=name) + more)
    (info / "top_level.txt").write_text(module + "\n")
    (info / "RECORD").write_text(f"{module}.py,,\n" if module else "")


def test_parts_are_fine_missing_old_or_broken(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    always, odd = check_parts(["reid-house", "reid-absent"])
    assert (always.extra, always.works, [part.state for part in always.parts]) == (
        "",
        True,
        ["fine"],
    )
    found = {part.name: (part.state, part.said) for part in odd.parts}
    assert found == {
        "broken-part": ("broken", "OSError: libGL.so.1: cannot open"),
        "no-part": ("missing", "is not installed"),
        "well-part": ("other version", "expected >=2"),
    }
    assert not odd.works
    assert odd.install == 'pip install "reid-house[odd]"'
    assert capsys.readouterr() == ("", ""), "what an import prints is not the doctor's"


def test_an_extra_that_names_an_extra_wants_its_parts(house: Path) -> None:
    install(
        house,
        "reid-upper",
        'Provides-Extra: odd\nRequires-Dist: reid-house[odd]; extra == "odd"\n',
    )
    (house / "well_module.py").write_text("")
    _, odd = check_parts(["reid-upper"])
    assert [part.name for part in odd.parts] == [
        "broken-part",
        "no-part",
        "reid-house",
        "well-part",
    ]
    assert not odd.works


def test_a_module_that_ends_the_process_is_broken(house: Path) -> None:
    (house / "broken_module.py").write_text("import sys; sys.exit(3)")
    assert parts.try_import("broken_module") == "SystemExit: 3"


class AbseilsHandler(logging.StreamHandler[TextIO]):
    """Closes the stream that it was given, unless the process still has it (as absl's does)."""

    def close(self) -> None:
        if self.stream not in (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__):
            self.stream.close()
        super().close()


def test_an_import_that_shuts_logging_down_leaves_the_streams_open(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    handler = AbseilsHandler(stream)
    (house / "well_module.py").write_text("import handlers; handlers.one.close()")
    monkeypatch.setitem(sys.modules, "handlers", SimpleNamespace(one=handler))
    assert parts.try_import("well_module") == ""
    assert not stream.closed
    assert sys.__stderr__ is not stream


def test_the_verb_tells_machines_and_people(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "check_parts", lambda **_: check_parts(["reid-house"]))
    done = CliRunner().invoke(app, ["doctor", "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert told["versions"]["reid-core"] == version("reid-core")
    assert told["devices"][0]["name"] == "cpu"
    assert [group["works"] for group in told["groups"]] == [True, False]
    assert told["groups"][1]["install"] == 'pip install "reid-house[odd]"'
    shown = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["doctor"]).stdout
    assert 'pip install "reid-house[odd]"' in shown


def test_what_is_always_needed_decides(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (house / "well_module.py").write_text("raise RuntimeError('no')")
    monkeypatch.setattr(checkup, "check_parts", lambda **_: check_parts(["reid-house"]))
    assert not check_machine().works


def test_runtimes_that_raise_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    found = {each.name: each for each in list_runtimes()}
    assert not found["OpenVINO"].works
    assert "ModuleNotFoundError" in found["OpenVINO"].said
    assert found["plugin checkpoint of reid.embedders"].works
