"""Every example runs, from top to bottom; the quickstart has a session of its own."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from page_shell import ROOT

EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem != "quickstart")


def test_there_are_enough_and_none_is_long() -> None:
    assert len(EXAMPLES) >= 8
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EXAMPLES}
    assert {name: count for name, count in lines.items() if count > 62} == {}


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(script.parent))
    monkeypatch.setattr(sys, "argv", [script.name])
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out or list(tmp_path.rglob("*.jpg"))
