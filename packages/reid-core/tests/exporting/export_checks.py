"""What every format must do; run as a script for OpenVINO.

Loaded into a long test session OpenVINO makes later forks of that process die on some kernels; a
verb loads it once and ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from reid_core import create_model, save_model
from reid_core.embedder import checkpoint
from reid_core.exporting import export_model
from reid_eval import load_embedder

SIZE = (64, 32)
MODELS = {"cnn": "timm:test_resnet", "vit": "timm:test_vit"}
ENDINGS = {"onnx": ".onnx", "openvino": ".xml", "torch-export": ".pt2"}


def saved(folder: Path, name: str) -> Path:
    """A checkpoint whose batch statistics are not those of a new network."""
    torch.manual_seed(0)
    network = create_model(name, image_size=SIZE, last_stride=2)
    network(network.preprocessing.normalize(torch.randint(0, 256, (8, 3, *SIZE)).byte()))
    save_model(network, folder)
    return folder


def embeds_as_its_checkpoint(name: str, kind: str, folder: Path) -> None:
    model, file = saved(folder / "model", name), folder / "out" / f"m{ENDINGS[kind]}"
    result = export_model(model, file, format=kind)
    assert set(result.parity) == {"random", "people"}
    assert result.worst < 1e-5
    assert 0 < result.megabytes < 10
    original = checkpoint.load(str(model), device=torch.device("cpu"))
    other = load_embedder(file, device="cpu")
    assert other.fingerprint == original.fingerprint == result.fingerprint
    assert other.image_size == SIZE
    said = other.describe()
    assert said["name"] == original.describe()["name"]
    assert said["mean"] == original.describe()["mean"]
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (5, 3, *SIZE), dtype=torch.uint8, generator=generator)
    for count in (1, 5):  # any batch
        expected = original(images[:count])
        torch.testing.assert_close(other(images[:count]), expected, rtol=1e-4, atol=1e-5)
    names = {part.name for part in file.parent.iterdir()}
    assert names == {file.name} | ({"m.bin"} if kind == "openvino" else set())


if __name__ == "__main__":
    embeds_as_its_checkpoint(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
