"""What holds for every model, whichever backbone it stands on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from reid_core.embedder import checkpoint
from reid_core.models import ReidModel, create_model, fingerprint, load_model, save_model

SIZE = (64, 32)
MODELS: dict[str, dict[str, Any]] = {
    "timm:resnet10t": {},
    "timm:test_resnet": {"pooling": "gem"},
    "resnet18": {"last_stride": 2},
    "timm:mobilenetv3_small_050": {"pooling": "gem"},
    "timm:test_efficientnet": {},
    "timm:test_nfnet": {},
    "timm:test_byobnet": {},
    "timm:regnetx_002": {},
    "timm:test_convnext": {},
    "timm:test_mambaout": {},
    "timm:test_vit": {},
    "timm:vit_tiny_patch16_224": {"options": {"depth": 2}},
    "mmcv:resnet18": {},
    "mmcv:vgg11_bn": {},
    "mmcv:alexnet": {},
    "reid:resnet18_ibn_a": {"pooling": "max+avg", "embed_dim": 64},
    "reid:osnet_x0_25": {"pooling": "attentive"},
}


@pytest.fixture(scope="module", params=list(MODELS))
def model(request: pytest.FixtureRequest) -> Iterator[ReidModel]:
    if request.param.startswith("mmcv:"):
        pytest.importorskip("mmcv", exc_type=ImportError)
    torch.manual_seed(0)
    return create_model(request.param, image_size=SIZE, **MODELS[request.param])


def images(count: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, *SIZE), dtype=torch.uint8, generator=generator)


def test_shapes_of_the_output(model: ReidModel) -> None:
    output = model.eval()(model.preprocessing.normalize(images()))
    assert output.feature.shape == output.embedding.shape == (3, model.embedding_size)
    assert output.feature_map.shape[0] == 3
    assert output.feature_map.ndim == 4
    assert output.branches == ()
    assert output.feature.isfinite().all()


def test_the_neck_stands_between_feature_and_embedding(model: ReidModel) -> None:
    output = model.eval()(model.preprocessing.normalize(images()))
    torch.testing.assert_close(model.neck(output.feature), output.embedding)


def test_evaluation_is_deterministic_and_does_not_depend_on_the_batch(model: ReidModel) -> None:
    model.eval()
    with torch.inference_mode():
        whole = model(model.preprocessing.normalize(images())).embedding
        again = model(model.preprocessing.normalize(images())).embedding
        single = model(model.preprocessing.normalize(images()[1:2])).embedding
    assert torch.equal(whole, again)
    torch.testing.assert_close(single, whole[1:2], rtol=1e-4, atol=1e-4)


def test_a_gradient_reaches_every_trained_parameter(model: ReidModel) -> None:
    model.train().zero_grad()
    output = model(model.preprocessing.normalize(images(8)))
    (output.embedding.square().mean() + output.feature.mean()).backward()
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert [name for name, p in trained.items() if p.grad is None] == []
    first = next(iter(trained.values()))
    assert first.grad.abs().sum() > 0
    assert [name for name, p in model.named_parameters() if not p.requires_grad] == ["neck.bias"]


def test_channels_last_computes_the_same(model: ReidModel) -> None:
    model.eval()
    normalized = model.preprocessing.normalize(images())
    with torch.inference_mode():
        expected = model(normalized).embedding
        model.to(memory_format=torch.channels_last)
        found = model(normalized.contiguous(memory_format=torch.channels_last)).embedding
        model.to(memory_format=torch.contiguous_format)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_saved_and_loaded_it_is_the_same_bit_by_bit(model: ReidModel, tmp_path: Path) -> None:
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.state_dict().keys() == model.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    assert (loaded.architecture, loaded.preprocessing) == (model.architecture, model.preprocessing)
    assert fingerprint(loaded) == fingerprint(model)
    normalized = model.preprocessing.normalize(images())
    with torch.inference_mode():
        assert torch.equal(loaded(normalized).embedding, model.eval()(normalized).embedding)


def test_its_embedder_says_what_the_model_says(model: ReidModel, tmp_path: Path) -> None:
    save_model(model, tmp_path)
    assert checkpoint.claims(str(tmp_path))
    embedder = checkpoint.load(str(tmp_path), device=torch.device("cpu"))
    assert (embedder.image_size, embedder.embedding_size) == (SIZE, model.embedding_size)
    assert embedder.fingerprint == fingerprint(model)
    found = embedder(images())
    assert (found.dtype, found.shape) == (torch.float32, (3, model.embedding_size))
    with torch.inference_mode():
        expected = model.eval()(model.preprocessing.normalize(images())).embedding
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
