"""Other runtimes: they agree with torch or are not taken."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reid_eval import accelerate, load_embedder
from reid_eval.agreement import measure_agreement
from reid_eval.runtimes.runner import METADATA_KEY

SIZE = (32, 16)


class Network(nn.Module):
    """Colours of patches, through a convolution."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution = nn.Conv2d(3, 8, 3, stride=2)

    def forward(self, images: Tensor) -> Tensor:
        seen = self.convolution((images.float() - 128) / 64).relu()
        return nn.functional.adaptive_avg_pool2d(seen, (4, 2)).flatten(1)


class Embedder:
    """The network as an embedder that other runtimes can take over."""

    image_size, embedding_size, fingerprint = SIZE, 64, "network"
    device = torch.device("cpu")

    def __init__(self) -> None:
        self.network = Network().eval()

    def describe(self) -> dict[str, Any]:
        return {"name": "network"}

    def __call__(self, images: Tensor) -> Tensor:
        with torch.inference_mode():
            found: Tensor = self.network(images)
        return found


@pytest.fixture
def images() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (9, 3, *SIZE), dtype=torch.uint8, generator=generator)


def test_openvino_in_a_process_of_its_own(tmp_path: Path) -> None:
    if find_spec("openvino") is None:
        pytest.skip("OpenVINO is not installed")
    script = Path(__file__).with_name("openvino_checks.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_small_pass_stays_as_it_is(images: Tensor) -> None:
    embedder = Embedder()
    assert accelerate(embedder, images, images=100) is embedder
    assert accelerate(embedder, images, images=10**9, backend="torch") is embedder


def test_an_embedder_without_a_network_stays_as_it_is(pixels: Any, images: Tensor) -> None:
    assert accelerate(pixels, images, images=10**9) is pixels
    with pytest.raises(ValueError, match="backend openvino needs a torch network"):
        accelerate(pixels, images, images=1, backend="openvino")


def test_agreement_is_measured_on_what_distinguishes_the_images() -> None:
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(50, 16, generator=generator)
    noise = 0.5 * torch.randn(50, 16, generator=generator)
    common = torch.full((16,), 100.0)
    centred = measure_agreement(common + parts + noise, common + parts)
    plain = torch.nn.functional.cosine_similarity(common + parts + noise, common + parts)
    assert plain.min() > 0.9999
    assert not centred.holds()
    assert centred.mean == pytest.approx(1 / 1.25**0.5, abs=0.03)


def test_agreement_needs_two_images_and_finite_values() -> None:
    with pytest.raises(ValueError, match="at least two images"):
        measure_agreement(torch.zeros(1, 4), torch.zeros(1, 4))
    assert not measure_agreement(torch.full((3, 4), torch.nan), torch.eye(4)[:3]).holds()


@pytest.fixture
def expected(images: Tensor) -> Tensor:
    return Embedder()(images)


def exported(path: Path, *, batch: int | None = None) -> Path:
    size = torch.export.Dim("batch", min=1, max=64) if batch is None else None
    example = torch.zeros(batch or 2, 3, *SIZE, dtype=torch.uint8)
    program = torch.export.export(
        Network().eval(), (example,), dynamic_shapes=({0: size} if size else None,)
    )
    facts = f'{{"fingerprint": "network", "image_size": [{SIZE[0]}, {SIZE[1]}]}}'
    torch.export.save(program, path, extra_files={f"{METADATA_KEY}.json": facts})
    return path


@pytest.mark.parametrize("batch", [None, 4])
def test_an_exported_program_is_an_embedder(
    tmp_path: Path, images: Tensor, expected: Tensor, batch: int | None
) -> None:
    found = load_embedder(exported(tmp_path / "model.pt2", batch=batch), device="cpu")
    assert (found.image_size, found.embedding_size, found.fingerprint) == (SIZE, 64, "network")
    torch.testing.assert_close(found(images), expected, rtol=0, atol=1e-5)


def onnx_file(path: Path, *, batch: int | str, dtype: int) -> Path:
    """Mean colour of the image, written without an exporter."""
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    image = helper.make_tensor_value_info("images", dtype, [batch, 3, *SIZE])
    output = helper.make_tensor_value_info("embedding", kinds.FLOAT, [batch, 3])
    axes = helper.make_tensor("axes", kinds.INT64, [2], [2, 3])
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=kinds.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["embedding"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "colours", [image], [output], [axes])
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("batch", ["batch", 4])
def test_an_onnx_file_of_pixels_is_an_embedder(
    tmp_path: Path, images: Tensor, batch: int | str
) -> None:
    pytest.importorskip("onnxruntime")
    file = onnx_file(tmp_path / "model.onnx", batch=batch, dtype=2)
    found = load_embedder(file, device="cpu")
    assert (found.image_size, found.embedding_size) == (SIZE, 3)
    torch.testing.assert_close(found(images), images.float().mean(dim=(2, 3)), atol=1e-3, rtol=0)


def test_an_onnx_file_of_the_hub_is_fetched(
    tmp_path: Path, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    onnx_file(tmp_path / "model.onnx", batch="batch", dtype=2)
    asked = []

    def fetch(repository: str, **how: object) -> str:
        asked.append((repository, how["revision"], how["allow_patterns"]))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    found = load_embedder("hf://lab/street@v2/model.onnx", device="cpu")
    assert asked == [("lab/street", "v2", ["model.*"])]
    torch.testing.assert_close(found(images), images.float().mean(dim=(2, 3)), atol=1e-3, rtol=0)


def test_a_network_of_floats_gets_normalised_images(
    tmp_path: Path, images: Tensor, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("onnxruntime")
    file = onnx_file(tmp_path / "model.onnx", batch="batch", dtype=1)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    colours = images.double().mean(dim=(2, 3)).numpy() / 255
    np.testing.assert_allclose(
        load_embedder(file, device="cpu")(images), (colours - mean) / std, atol=1e-4
    )
    assert "mean and std of ImageNet assumed" in caplog.text
    (tmp_path / "model.json").write_text('{"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.5, 1]}')
    np.testing.assert_allclose(
        load_embedder(file, device="cpu")(images), (colours - 0.5) / [0.25, 0.5, 1], atol=1e-4
    )


@pytest.mark.parametrize("name", ["model.onnx", "model.pt2"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, name: str) -> None:
    library = {"onnx": "onnxruntime", "pt2": "torch"}[name.split(".")[1]]
    pytest.importorskip(library)
    (tmp_path / name).write_bytes(b"no model at all")
    with pytest.raises(ValueError, match="cannot be read as an"):
        load_embedder(tmp_path / name, device="cpu")
