"""What every format must do; run as a script for OpenVINO.

Loaded into a long test session OpenVINO makes later forks of that process die on some kernels; a
verb loads it once and ends.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

from reid_core import create_model, save_model
from reid_core.embedder import checkpoint
from reid_core.exporting import export_model
from reid_eval import load_embedder

SIZE = (64, 32)
SMALL = {"size": 16, "inner": 8}
MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "cnn": ("global", "timm:test_resnet", {}),
    "vit": ("global", "timm:test_vit", {}),
    "osnet": ("global", "reid:osnet_ain_x0_25", {}),
    "pcb": ("pcb", "reid:resnet18", {"parts": 3}),
    "mgn": ("mgn", "reid:resnet18", {}),
    "agw": ("agw", "reid:resnet18_ibn_a", {}),
    "transreid": ("transreid", "timm:test_vit", {"cameras": 2, "patch_stride": 12}),
    "fine-grained": ("fine-grained", "timm:test_resnet", SMALL),
    "two-branch": ("two-branch", "reid:resnet18", {}),
}
ENDINGS = {"onnx": ".onnx", "openvino": ".xml", "torch-export": ".pt2"}


def saved(folder: Path, key: str) -> Path:
    """A checkpoint whose batch statistics are not those of a new network."""
    torch.manual_seed(0)
    kind, name, options = MODELS[key]
    stride = 1 if kind in ("pcb", "mgn", "agw") else 2
    network = create_model(name, kind=kind, image_size=SIZE, last_stride=stride, options=options)
    network(network.preprocessing.normalize(torch.randint(0, 256, (8, 3, *SIZE)).byte()))
    save_model(network, folder)
    return folder


def embeds_as_its_checkpoint(key: str, form: str, folder: Path) -> None:
    model, file = saved(folder / key, key), folder / "out" / f"{key}{ENDINGS[form]}"
    result = export_model(model, file, format=form)
    assert set(result.parity) == {"random", "people"}
    assert result.worst < 2e-5
    assert 0 < result.megabytes < 300
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
        torch.testing.assert_close(other(images[:count]), expected, rtol=1e-4, atol=2e-5)
    names = {part.name for part in file.parent.iterdir() if part.stem == key}
    card = f"{key}.md"
    assert names == {file.name, card} | ({f"{key}.bin"} if form == "openvino" else set())


if __name__ == "__main__":
    torch.set_num_threads(1)
    for chosen in sys.argv[2:]:
        embeds_as_its_checkpoint(chosen, "openvino", Path(sys.argv[1]))
