"""What every format must do; run as a script for OpenVINO.

Loaded into a long test session OpenVINO makes later forks of that process die on some kernels.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from reid_attr import Group, Schema, create_attribute_model, load_recognizer, save_attribute_model
from reid_attr.model_files import export_attribute_model

SIZE = (64, 32)
ENDINGS = {"onnx": ".onnx", "openvino": ".xml", "torch-export": ".pt2"}
SCHEMA = Schema(
    "tiny",
    (
        Group("age", ("young", "old"), "one"),
        Group("glasses", ("clear", "dark"), "at-most-one"),
        Group("hat", ("hat",), otherwise="no hat"),
    ),
)


def saved(folder: Path, name: str) -> Path:
    """A model whose batch statistics are not those of a new network."""
    torch.manual_seed(0)
    model = create_attribute_model(name, schema=SCHEMA, image_size=SIZE)
    model(torch.rand(8, 3, *SIZE))
    save_attribute_model(model, folder, thresholds=[0.5, 0.5, 0.5, 0.5, 0.25], softmax=True)
    return folder


def answers_as_its_checkpoint(name: str, kind: str, folder: Path) -> None:
    model, file = saved(folder / "model", name), folder / "out" / f"m{ENDINGS[kind]}"
    result = export_attribute_model(model, file, format=kind)  # type: ignore[arg-type]
    assert set(result.worst) == {"random", "people"}
    assert max(result.worst.values()) < 1e-5
    original, other = (load_recognizer(each, device="cpu") for each in (model, file))
    assert (other.schema, other.thresholds, other.softmax) == (SCHEMA, original.thresholds, True)
    assert other.image_size == SIZE
    images = torch.randint(0, 256, (5, 3, *SIZE), dtype=torch.uint8)
    for count in (1, 5):  # any batch
        expected = original(images[:count])
        torch.testing.assert_close(other(images[:count]), expected, rtol=1e-4, atol=1e-5)
        assert other.describe(expected) == original.describe(expected)
    names = {part.name for part in file.parent.iterdir()}
    assert names == {file.name, "m.md"} | ({"m.bin"} if kind == "openvino" else set())
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    assert f"| file | {file.name} ({kind}) |" in card
    assert f"reid-attr predict FOLDER --model {file.name} --out attributes.csv" in card
    assert "uint8 RGB images of 64 x 32 pixels" in card


if __name__ == "__main__":
    answers_as_its_checkpoint(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
