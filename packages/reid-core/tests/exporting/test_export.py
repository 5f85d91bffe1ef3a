"""Models in files: they embed as the checkpoint does, and say so of themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from reid_core.cli import app
from reid_core.exporting import export, export_model, measure_parity
from reid_core.exporting.formats import Writer, find_writer
from reid_core.models import list_kinds

from . import export_checks
from .export_checks import MODELS, embeds_as_its_checkpoint, saved


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("model"), "cnn")


def _pairs() -> list[Any]:
    """A network of each sort always, the others and their other formats when there is time."""
    always = {("cnn", "onnx"), ("vit", "torch-export")}
    return [
        pytest.param(key, form, marks=() if (key, form) in always else pytest.mark.slow)
        for key in MODELS
        for form in ("onnx", "torch-export")
    ]


@pytest.mark.parametrize(("key", "form"), _pairs())
def test_a_file_embeds_as_its_checkpoint_and_carries_its_fingerprint(
    key: str, form: str, tmp_path: Path
) -> None:
    embeds_as_its_checkpoint(key, form, tmp_path)


@pytest.mark.slow
def test_files_of_openvino_do_so_too(tmp_path: Path) -> None:
    command = [sys.executable, export_checks.__file__, str(tmp_path), *MODELS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr


def test_every_kind_of_image_model_is_tried() -> None:
    clips = {"fine-grained-video", "video-average", "video-attention", "video-3d"}
    assert {kind for kind, _, _ in MODELS.values()} == set(list_kinds()) - clips


class _Shifted(nn.Module):
    """Embeds as a network does, a little beside."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        embedding: torch.Tensor = self.network(images)
        return embedding + 0.01 * embedding.norm(dim=1, keepdim=True)


def test_a_file_that_embeds_otherwise_is_not_written(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = find_writer("torch-export")

    def wrong(network, example, path, facts) -> None:
        right.write(_Shifted(network).eval(), example, path, facts)

    broken = Writer(right.ending, right.modules, right.extra, wrong)
    monkeypatch.setattr(export, "find_writer", lambda _: broken)
    with pytest.raises(ValueError, match=r"differs from the network by 0\.\d+ on random images"):
        export_model(model, tmp_path / "m.pt2", format="torch-export")
    assert list(tmp_path.iterdir()) == []
    loose = export_model(model, tmp_path / "m.pt2", format="torch-export", tolerance=1.0)
    assert loose.worst > 0.01


def test_a_failed_export_leaves_the_older_file(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(network, example, path, facts) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("no such\noperation")

    monkeypatch.setattr(export, "find_writer", lambda _: Writer(".pt2", (), "", fail))
    (tmp_path / "m.pt2").write_bytes(b"older")
    with pytest.raises(ValueError, match="cannot be written as torch-export: no such operation"):
        export_model(model, tmp_path / "m.pt2", format="torch-export")
    assert (tmp_path / "m.pt2").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 1


def test_parity_is_of_the_worst_image_and_of_every_batch_size() -> None:
    images = torch.arange(6, dtype=torch.uint8).view(6, 1, 1, 1).expand(6, 3, 2, 2) + 1
    seen = []

    def original(batch: torch.Tensor) -> torch.Tensor:
        return batch.float().mean((2, 3))

    def other(batch: torch.Tensor) -> torch.Tensor:
        seen.append(len(batch))
        return torch.where(batch[:, 0, 0, :1] == 4, 1.25, 1.0) * original(batch)

    parity = measure_parity(original, other, images)
    assert seen == [1, 2, 3]
    assert parity.worst == pytest.approx(0.25)
    assert parity.mean == pytest.approx(0.25 / 6)
    with pytest.raises(ValueError, match="gives"):
        measure_parity(original, lambda batch: original(batch)[:, :2], images)
    with pytest.raises(ValueError, match="finite"):
        measure_parity(original, lambda batch: original(batch) / 0, images)


def run(*arguments: object) -> tuple[int, str]:
    """In the same process; the exit code that the script would have, and its output."""
    result = CliRunner().invoke(app, ["export", *map(str, arguments)])
    if isinstance(result.exception, ValueError):
        return 2, str(result.exception)
    return result.exit_code, result.output


def test_the_verb_compares_on_the_users_images(model: Path, tmp_path: Path) -> None:
    people = tmp_path / "people"
    people.mkdir()
    for pid in range(3):
        pixels = np.random.default_rng(pid).integers(0, 256, (40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(people / f"{pid:04d}.png")
    arguments = ("--model", model, "--format", "torch-export", "--out", tmp_path / "m.pt2")
    code, out = run(*arguments, "--images", people, "--json")
    assert code == 0, out
    found = json.loads(out)
    assert found["parity"]["people"]["images"] == 8
    assert found["worst"] <= 1e-4
    code, out = run(*arguments)
    assert "worst error, random images" in out
    assert "uint8 (B, 3, 64, 32)" in out


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--out": "m.onnx"}, "ends in .pt2"),
        ({"--model": "/nowhere"}, "no checkpoint"),
        ({"--images": "/nowhere"}, "/nowhere"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    model: Path, tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    options = {"--model": model, "--format": "torch-export", "--out": tmp_path / "m.pt2"}
    code, said = run(*(word for pair in (options | changed).items() for word in pair))
    assert code == 2
    assert message in said
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_names_the_nearest(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'onnx'"):
        export_model(model, tmp_path / "m.onnx", format="onxx")


def test_a_missing_extra_is_named_with_the_command_that_helps(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    code, said = run("--model", model, "--format", "onnx", "--out", tmp_path / "m.onnx")
    assert code == 2
    assert "pip install 'reid-core[onnx]'" in said
