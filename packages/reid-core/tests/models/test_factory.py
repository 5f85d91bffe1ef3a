"""Models by name."""

import copy
import pickle
from pathlib import Path

import pytest
import timm
import torch

from reid_core.models import (
    Preprocessing,
    ReidOutput,
    create_model,
    list_kinds,
    list_models,
    load_model,
    save_model,
)
from reid_core.registry import UnknownNameError


def test_a_plain_name_means_timm() -> None:
    model = create_model("test_resnet", image_size=(64, 32))
    assert model.architecture == {
        "name": "timm:test_resnet",
        "kind": "global",
        "image_size": [64, 32],
        "pooling": None,
        "embed_dim": None,
        "neck": "bn",
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


def test_a_linear_map_reduces_in_front_of_the_neck() -> None:
    model = create_model("test_resnet", image_size=(64, 32), embed_dim=24)
    output = model(torch.randn(3, 3, 64, 32))
    assert model.embedding_size == output.feature.shape[1] == output.embedding.shape[1] == 24
    pooled = model.pooling(output.feature_map)
    torch.testing.assert_close(pooled @ model.reduction.weight.T, output.feature)
    assert model.reduction.bias is None


def test_the_neck_of_osnet_makes_the_feature_itself() -> None:
    model = create_model("test_resnet", image_size=(64, 32), neck="fc").eval()
    output = model(torch.randn(3, 3, 64, 32))
    assert model.embedding_size == 512
    assert torch.equal(output.feature, output.embedding)
    assert (output.feature >= 0).all()
    bare = create_model("test_resnet", image_size=(64, 32), neck="none").eval()
    output = bare(torch.randn(3, 3, 64, 32))
    torch.testing.assert_close(output.embedding, output.feature_map.mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"kind": "globel"}, "unknown kind of model 'globel'; nearest: global"),
        ({"std": (0.2, 0.0, 0.2)}, "std must be above 0"),
        ({"embed_dim": 0}, "embed_dim must be at least 1, or none, not 0"),
        ({"neck": "long"}, "neck must be bn, fc or none, not 'long'"),
        ({"weights": "hf://owner/file"}, "expected hf://owner/repository/file"),
    ],
)
def test_what_cannot_be_is_refused(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        create_model("test_resnet", image_size=(64, 32), **arguments)


@pytest.mark.parametrize("kind", ["global", "fine-grained"])
def test_a_local_file_comes_with_its_own_mean_and_deviation(kind: str, tmp_path: Path) -> None:
    published = timm.create_model("test_resnet", num_classes=7)
    torch.save(published.state_dict(), tmp_path / "own.pth")
    colours = {"mean": (0.3, 0.4, 0.5), "std": (0.1, 0.2, 0.3)}
    weights = tmp_path / "own.pth"
    model = create_model("test_resnet", kind=kind, image_size=(96, 40), weights=weights, **colours)
    assert model.preprocessing == Preprocessing((96, 40), **colours)
    loaded = model.state_dict()
    [name] = [n for n in loaded if n.endswith("conv1.0.weight") and "trunks.1" not in n]
    assert torch.equal(loaded[name], published.conv1[0].weight)
    save_model(model, tmp_path / "saved")
    assert load_model(tmp_path / "saved").preprocessing == model.preprocessing


def test_clips_given_to_an_image_model_are_told_what_to_choose() -> None:
    model = create_model("test_resnet", image_size=(64, 32))
    with pytest.raises(ValueError, match=r"images \(B, 3, H, W\), came \(2, 4, .*a video model"):
        model(torch.zeros(2, 4, 3, 64, 32))


def test_kinds_are_listed() -> None:
    assert "global" in list_kinds()
