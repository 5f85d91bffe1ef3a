"""The pages about galleries, run as they stand: what people copy must work."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from reid_eval.cli import app

DOCS = Path(__file__).parents[4] / "docs"
SERVER = "milvus://db.example:19530/people"


class Shell:
    """Runs the commands of a block in this process.

    Args:
        stand_ins: words of the page, and what takes their place here.
    """

    def __init__(self, stand_ins: dict[str, str]) -> None:
        self._stand_ins = stand_ins
        self.done: list[str] = []

    def __call__(self, block: Example) -> None:
        for line in str(block.parsed).replace("\\\n", " ").splitlines():
            words = [self._stand_ins.get(word, word) for word in shlex.split(line)]
            if words[:2] == ["pip", "install"]:  # the environment of the tests has it all
                continue
            assert words[:2] == ["reid-eval", "gallery"], line
            app(words[1:], standalone_mode=False)
            self.done.append(words[2])


def run_page(name: str, shell: Shell) -> None:
    parsers = [PythonCodeBlockParser(), CodeBlockParser("bash", shell)]
    for example in Sybil(parsers=parsers).parse(DOCS / name).examples():
        example.evaluate()


@pytest.fixture
def crops(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    """The folders that the pages speak of."""
    for pid in (1, 2, 17):
        for camera in (2, 3):
            write_picture(tmp_path / "crops" / f"{pid:04d}_c{camera}s1_000001_00.jpg", pid)
    write_picture(tmp_path / "asked" / "0002.jpg", 2)


@pytest.mark.usefixtures("crops")
def test_from_a_folder_of_crops_to_a_gallery(
    tiny_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell({"checkpoint/": tiny_model})
    run_page("gallery.md", shell)
    verbs = ["add", "search", "info", "search", "delete", "expire", "compact"]
    assert [verb for verb in shell.done if verb in verbs] == verbs
    assert "0002_c2s1_000001_00.jpg" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.usefixtures("crops")
def test_moving_to_milvus(tiny_model: str, tmp_path: Path) -> None:
    """In place of a server stands a milvus-lite file; the tests of back ends use a server."""
    pytest.importorskip("milvus_lite", reason="the extra milvus is not installed")
    app(["gallery", "add", "people/", "crops", "--model", tiny_model], standalone_mode=False)
    place = f"milvus://{tmp_path}/people.db/people"
    shell = Shell({SERVER: place, "512": "24"})
    run_page("milvus.md", shell)
    assert shell.done == ["export", "create", "add"]
