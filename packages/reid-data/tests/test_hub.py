"""Names on the hub, against a hub that is a folder here."""

from __future__ import annotations

import fnmatch
import shutil
import sys
from pathlib import Path

import pytest

from reid_data.console import MissingExtraError
from reid_data.hub import local_file, local_folder, local_model


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the hub; it gives what fits a pattern, as copies."""
    repository, asked = tmp_path / "hub", []
    for name in (
        "README.md",
        "model.json",
        "big.pkl",
        "files/a.xml",
        "files/a.bin",
        "files/ab.xml",
    ):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(name)

    def snapshot_download(name: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append(f"{name}@{revision}")
        for file in filter(Path.is_file, repository.rglob("*")):
            below = file.relative_to(repository)
            if any(fnmatch.fnmatch(str(below), pattern) for pattern in allow_patterns):
                (tmp_path / "cache" / below).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, tmp_path / "cache" / below)
        return str(tmp_path / "cache")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return asked


def names(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ["hf://lab/street@v1", Path("hf://lab/street@v1")])
def test_a_folder_comes_without_what_no_model_is_made_of(
    asked: list[str], name: str | Path
) -> None:
    folder = local_folder(name)
    assert asked == ["lab/street@v1"]
    assert "big.pkl" not in names(folder)
    assert {"README.md", "model.json"} <= names(folder)


def test_a_file_comes_with_what_lies_beside_it_under_its_name(asked: list[str]) -> None:
    file = local_model("hf://lab/street/files/a.xml")
    assert file.read_text() == "files/a.xml"
    assert names(file.parents[1]) == {"files/a.xml", "files/a.bin"}
    with pytest.raises(ValueError, match=r"lab/street on the hub has no file files/none\.onnx"):
        local_model("hf://lab/street/files/none.onnx")


def test_what_lies_here_is_not_asked_for(asked: list[str]) -> None:
    assert local_model("runs/a.onnx") == local_file("runs/a.onnx") == Path("runs/a.onnx")
    assert local_folder("runs/a") == Path("runs/a")
    assert asked == []


@pytest.mark.parametrize(
    ("name", "said"), [("hf://lab", "expected hf://owner/name"), ("hf:///", "came hf:")]
)
def test_a_name_that_is_none_is_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        local_model(name)


def test_what_fetches_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'reid-data\[hub\]'"):
        local_model("hf://lab/street")
