"""Models by name."""

import copy
import pickle

import pytest
import torch

from reid_core.models import ReidOutput, create_model, list_models
from reid_core.registry import UnknownNameError


def test_a_plain_name_means_timm() -> None:
    model = create_model("test_resnet", image_size=(64, 32))
    assert model.architecture == {
        "name": "timm:test_resnet",
        "image_size": [64, 32],
        "pooling": "avg",
        "last_stride": 1,
        "options": {},
    }
    assert model.preprocessing.image_size == (64, 32)
    assert model.training


def test_one_seed_one_model() -> None:
    def build() -> dict[str, torch.Tensor]:
        torch.manual_seed(3)
        return create_model("test_vit", image_size=(64, 32)).state_dict()

    first, second = build(), build()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_names_of_both_libraries_are_listed() -> None:
    names = list_models()
    assert {"timm:resnet50", "timm:vit_base_patch16_224", "mmcv:resnet50"} <= set(names)
    assert len(names) == len(set(names))
    assert list_models("mmcv:resnet1*") == ["mmcv:resnet18", "mmcv:resnet101", "mmcv:resnet152"]
    assert all("mobilenetv3" in name for name in list_models("mobilenetv3"))
    assert 0 < len(list_models("mobilenetv3", pretrained=True)) < len(list_models("mobilenetv3"))
    assert list_models("no such thing") == []


def test_unknown_names_are_told_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="nearest: timm:test_resnet"):
        create_model("test_resnt")
    with pytest.raises(UnknownNameError, match="unknown pooling 'gme'; nearest: gem"):
        create_model("test_resnet", pooling="gme")


def test_a_size_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(height, width\) in pixels, not \(0, 128\)"):
        create_model("test_resnet", image_size=(0, 128))


def test_images_that_are_not_normalised_are_refused() -> None:
    model = create_model("test_resnet", image_size=(64, 32))
    with pytest.raises(ValueError, match=r"came torch.uint8; use model.preprocessing.normalize"):
        model(torch.zeros(2, 3, 64, 32, dtype=torch.uint8))


def test_a_model_can_be_copied_and_sent_to_another_process() -> None:
    model = create_model("test_convnext", image_size=(64, 32)).eval()
    images = torch.randn(2, 3, 64, 32)
    expected = model(images).embedding
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(images).embedding, expected)


def test_an_output_is_widened_with_all_it_carries() -> None:
    half = torch.ones(2, 3, dtype=torch.bfloat16)
    branch = ReidOutput(half, half)
    wide = ReidOutput(half, half, half[..., None, None], (branch,)).float()
    tensors = [wide.feature, wide.embedding, wide.feature_map, wide.branches[0].feature]
    assert {tensor.dtype for tensor in tensors} == {torch.float32}
    assert wide.branches[0].feature_map is None
