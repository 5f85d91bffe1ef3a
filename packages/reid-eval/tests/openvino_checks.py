"""Checks of what OpenVINO runs, all in one process of their own.

Loaded into a long test session it makes later forks of that process die on some kernels; a verb
loads it once and ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from test_acceleration import SIZE, Embedder, Network
from torch import Tensor

from reid_eval import acceleration, load_embedder
from reid_eval.agreement import measure_agreement


def sample() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (9, 3, *SIZE), dtype=torch.uint8, generator=generator)


def agrees_whatever_the_batch() -> None:
    embedder, images = Embedder(), sample()
    found = acceleration.accelerate(embedder, images, images=1, backend="openvino")
    assert isinstance(found, acceleration.AcceleratedEmbedder)
    assert found.fingerprint == "network"
    assert found.describe()["backend"]["agreement"]["worst"] >= 0.995
    for batch in (1, 4, 9):
        output = torch.cat([found(part) for part in torch.split(images, batch)])
        assert measure_agreement(output, embedder(images)).holds()


def what_does_not_agree_is_not_taken() -> None:
    from reid_eval.runtimes.openvino import OpenVinoRunner

    def noise(_runner: OpenVinoRunner, batch: Tensor) -> Tensor:
        return torch.randn(len(batch), 64)

    OpenVinoRunner.__call__ = noise  # type: ignore[method-assign]
    embedder, images = Embedder(), sample()
    with pytest.raises(ValueError, match="only; use --backend torch"):
        acceleration.accelerate(embedder, images, images=1, backend="openvino")
    acceleration.list_backends = lambda: ["torch", "openvino"]
    assert acceleration.accelerate(embedder, images, images=10**9) is embedder


def a_file_is_an_embedder(folder: Path) -> None:
    import openvino

    example = torch.zeros(2, 3, *SIZE, dtype=torch.uint8)
    model = openvino.convert_model(Network().eval(), example_input=example, input=[(-1, 3, *SIZE)])
    openvino.save_model(model, folder / "model.xml", compress_to_fp16=False)
    found = load_embedder(folder / "model.xml", device="cpu")
    assert (found.image_size, found.embedding_size) == (SIZE, 64)
    assert len(found.fingerprint) == 64
    torch.testing.assert_close(found(sample()), Embedder()(sample()), rtol=0, atol=1e-4)


def no_model_is_refused(folder: Path) -> None:
    (folder / "model.xml").write_bytes(b"no model at all")
    with pytest.raises(ValueError, match="cannot be read as an OpenVINO model"):
        load_embedder(folder / "model.xml", device="cpu")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    agrees_whatever_the_batch()
    a_file_is_an_embedder(place)
    no_model_is_refused(place)
    # Last, for it puts noise in the place of the runtime.
    what_does_not_agree_is_not_taken()
