"""What holds for every kind of model, on the backbones that it takes."""

from pathlib import Path
from typing import Any

import pytest
import torch

from reid_core.models import (
    ReidModel,
    create_model,
    fingerprint,
    list_kinds,
    load_model,
    save_model,
)

SIZE = (64, 32)
SMALL = {"size": 16, "inner": 8}
MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "global-ibn": ("global", "reid:resnet18_ibn_a", {}),
    "global-osnet": ("global", "reid:osnet_ain_x0_25", {}),
    "pcb": ("pcb", "reid:osnet_x0_25", {"parts": 3}),
    "mgn": ("mgn", "reid:resnet18", {}),
    "agw": ("agw", "reid:resnet18", {}),
    "transreid": ("transreid", "test_vit", {"cameras": 2, "patch_stride": 12}),
    "fine-grained": ("fine-grained", "test_resnet", SMALL),
    "fine-grained-video": ("fine-grained-video", "test_resnet", SMALL),
    "two-branch": ("two-branch", "reid:resnet18", {}),
    "video-average": ("video-average", "reid:osnet_ibn_x0_25", {}),
    "video-attention": ("video-attention", "test_vit", {}),
    "video-3d": ("video-3d", "reid:resnet18", {}),
}


@pytest.fixture(scope="module", params=list(MODELS))
def model(request: pytest.FixtureRequest) -> ReidModel:
    torch.manual_seed(0)
    kind, name, options = MODELS[request.param]
    return create_model(name, kind=kind, image_size=SIZE, options=options)


def inputs(model: ReidModel, count: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (count, 2, 3, *SIZE) if model.takes_clips else (count, 3, *SIZE)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return model.preprocessing.normalize(images)


def test_every_kind_is_here() -> None:
    assert {kind for kind, _, _ in MODELS.values()} == set(list_kinds())


def test_it_is_deterministic_and_does_not_depend_on_the_batch(model: ReidModel) -> None:
    model.eval()
    with torch.inference_mode():
        whole, again = model(inputs(model)).embedding, model(inputs(model)).embedding
        single = model(inputs(model)[1:2]).embedding
    assert whole.shape == (3, model.embedding_size)
    assert torch.equal(whole, again)
    torch.testing.assert_close(single, whole[1:2], rtol=1e-3, atol=1e-3)


def test_channels_last_computes_the_same(model: ReidModel) -> None:
    model.eval()
    with torch.inference_mode():
        expected = model(inputs(model)).embedding
    model.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        found = model(inputs(model)).embedding
    model.to(memory_format=torch.contiguous_format)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_a_gradient_reaches_every_trained_parameter(model: ReidModel) -> None:
    model.train().zero_grad()
    output = model(inputs(model))
    (output.embedding.square().mean() + output.feature.mean()).backward()
    lost = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert lost == []


def test_saved_and_loaded_it_is_the_same(model: ReidModel, tmp_path: Path) -> None:
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    assert fingerprint(loaded) == fingerprint(model)
    with torch.inference_mode():
        expected = model.eval()(inputs(model)).embedding
        assert torch.equal(loaded(inputs(model)).embedding, expected)
