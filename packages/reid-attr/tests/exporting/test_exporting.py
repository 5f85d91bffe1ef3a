"""Models in files answer as their checkpoints do."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from reid_attr import load_recognizer, model_files
from reid_attr.cli import app
from reid_attr.model_files import export_attribute_model
from reid_core.exporting.formats import Writer, find_writer
from reid_data.console import MissingExtraError

from . import export_checks
from .export_checks import ENDINGS, answers_as_its_checkpoint, saved

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("test_convnext", "onnx"),
        ("test_convnext", "torch-export"),
        pytest.param("test_convnext", "openvino", marks=SLOW),
        *(pytest.param("c2tnet_small", kind, marks=SLOW) for kind in ENDINGS),
    ],
)
def test_a_file_answers_as_its_checkpoint(name: str, kind: str, tmp_path: Path) -> None:
    if kind != "openvino":
        answers_as_its_checkpoint(name, kind, tmp_path)
        return
    command = [sys.executable, export_checks.__file__, name, kind, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_file_that_answers_otherwise_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = find_writer("torch-export")

    def wrong(network, example, path, facts) -> None:
        with torch.no_grad():
            network.model.head.classifier.bias += 0.1
        right.write(network, example, path, facts)
        with torch.no_grad():
            network.model.head.classifier.bias -= 0.1

    broken = Writer(right.ending, right.modules, right.extra, wrong)
    monkeypatch.setattr(model_files, "find_writer", lambda _: broken)
    model = saved(tmp_path / "model", "test_convnext")
    with pytest.raises(ValueError, match=r"differs from the network's by 0\.\d+ on random"):
        export_attribute_model(model, tmp_path / "out" / "m.pt2", format="torch-export")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_missing_extra_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("onnx"):
            raise ImportError("no onnx here")
        return importing(name, *args, **kwargs)  # type: ignore[arg-type]

    model = saved(tmp_path / "model", "test_convnext")
    for module in [name for name in sys.modules if name.startswith("onnx")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(
        "reid_data.console.import_module", lambda name: without(name) if "onnx" in name else None
    )
    with pytest.raises(MissingExtraError, match=r"pip install 'reid-attr\[onnx\]'"):
        export_attribute_model(model, tmp_path / "m.onnx", format="onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_the_verb_and_what_reads_its_file(tmp_path: Path) -> None:
    model, file = saved(tmp_path / "model", "test_convnext"), tmp_path / "m.pt2"
    arguments = ["export", "--model", model, "--format", "torch-export", "--out", file, "--json"]
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert json.loads(done.stdout)["attributes"] == 5
    with pytest.raises(ValueError, match="takes images only"):
        load_recognizer(file, device="cpu").of_features(torch.zeros(1, 4).numpy())


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("onxx", "m.onnx", "did you mean 'onnx'"),
        ("onnx", "m.pt2", r"ends in \.onnx"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, kind: str, name: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        export_attribute_model(tmp_path, tmp_path / name, format=kind)  # type: ignore[arg-type]
