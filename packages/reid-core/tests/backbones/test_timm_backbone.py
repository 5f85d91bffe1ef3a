"""timm networks as feature maps."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from reid_core.backbones import create_backbone
from reid_core.backbones.weights import read_weights
from reid_core.registry import UnknownNameError

SIZE = (64, 32)


def test_patches_are_laid_out_as_in_the_image_without_the_class_token() -> None:
    backbone = create_backbone("test_vit", image_size=SIZE).eval()
    images = torch.randn(2, 3, *SIZE)
    with torch.inference_mode():
        tokens = backbone.network.forward_features(images)
        found = backbone(images)
    assert tokens.shape == (2, 1 + 4 * 2, 64)
    assert found.shape == (2, 64, 4, 2)
    for y in range(4):
        for x in range(2):
            torch.testing.assert_close(found[:, :, y, x], tokens[:, 1 + 2 * y + x])


def test_register_tokens_are_no_part_of_the_map() -> None:
    backbone = create_backbone("test_vit", image_size=SIZE, options={"reg_tokens": 4}).eval()
    images = torch.randn(1, 3, *SIZE)
    tokens = backbone.network.forward_features(images)
    assert tokens.shape[1] == 1 + 4 + 4 * 2
    torch.testing.assert_close(backbone(images).flatten(2).mT, tokens[:, 5:])


def test_maps_with_channels_last_are_turned() -> None:
    backbone = create_backbone("test_mambaout", image_size=(128, 64), last_stride=2).eval()
    images = torch.randn(1, 3, 128, 64)
    with torch.inference_mode():
        expected = backbone.network.forward_features(images)
        found = backbone(images)
    assert expected.shape == (1, 4, 2, 64)
    assert torch.equal(found, expected.permute(0, 3, 1, 2))


@pytest.mark.parametrize("name", ["mobilenetv3_small_050", "test_convnext"])
def test_every_parameter_that_is_left_gets_a_gradient(name: str) -> None:
    whole = timm.create_model(name, num_classes=0)
    backbone = create_backbone(name, image_size=SIZE)
    assert len(list(backbone.parameters())) < len(list(whole.parameters()))
    backbone(torch.randn(2, 3, *SIZE)).sum().backward()
    assert [n for n, value in backbone.named_parameters() if value.grad is None] == []


def test_mean_and_deviation_are_those_of_the_weights() -> None:
    assert create_backbone("vit_tiny_patch16_224", image_size=SIZE).mean == (0.5, 0.5, 0.5)
    backbone = create_backbone("resnet10t", image_size=SIZE)
    assert (backbone.mean, backbone.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_options_reach_the_network() -> None:
    backbone = create_backbone("test_vit", image_size=SIZE, options={"drop_path_rate": 0.5})
    rates = {m.drop_prob for m in backbone.modules() if type(m).__name__ == "DropPath"}
    assert max(rates) == 0.5
    with pytest.raises(ValueError, match=r"^timm:test_vit: timm does not build it.*colour"):
        create_backbone("test_vit", image_size=SIZE, options={"colour": 1})


def test_a_network_that_refuses_the_size_says_so_at_once() -> None:
    with pytest.raises(ValueError, match=r"^timm:nest_tiny: .*square"):
        create_backbone("nest_tiny", image_size=SIZE)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnt50", "unknown model 'timm:resnt50'; nearest: timm:resnet50"),
        ("timm:resnet50.a1_in2k", r"unknown model 'timm:resnet50.a1_in2k'; .*resnet50.a1_in1k"),
        ("tim:resnet50", "unknown backbone family 'tim'; nearest: timm; known: mmcv, reid, timm"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(name: str, said: str) -> None:
    with pytest.raises(UnknownNameError, match=said):
        create_backbone(name, image_size=SIZE)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("name", ["test_resnet", "mobilenetv3_small_050"])
def test_a_published_file_with_its_classifier_loads(tmp_path: Path, name: str, suffix: str) -> None:
    published = timm.create_model(name, num_classes=10).eval()
    path = _saved(published.state_dict(), tmp_path / f"weights{suffix}")
    backbone = create_backbone(name, image_size=SIZE, last_stride=2, weights=path).eval()
    images = torch.randn(1, 3, *SIZE)
    with torch.inference_mode():
        assert torch.equal(backbone(images), published.forward_features(images))


def test_a_training_checkpoint_is_unwrapped(tmp_path: Path) -> None:
    published = timm.create_model("test_resnet")
    wrapped = {f"module.{key}": value for key, value in published.state_dict().items()}
    path = _saved({"state_dict": wrapped, "epoch": 3}, tmp_path / "last.pth")
    backbone = create_backbone("test_resnet", image_size=SIZE, weights=path)
    assert torch.equal(backbone.network.conv1[0].weight, published.conv1[0].weight)


def test_positions_of_a_vit_are_resized(tmp_path: Path) -> None:
    published = timm.create_model("test_vit", img_size=160)
    path = _saved(published.state_dict(), tmp_path / "vit.pth")
    backbone = create_backbone("test_vit", image_size=SIZE, weights=path)
    assert published.pos_embed.shape[1] == 1 + 100
    assert backbone.network.pos_embed.shape[1] == 1 + 8


def test_weights_that_do_not_fit_are_named(tmp_path: Path) -> None:
    weights = timm.create_model("test_resnet").state_dict()
    weights["layer9.weight"] = torch.zeros(1)
    weights["layer1.0.conv1.weight"] = torch.zeros(1, 2)
    del weights["layer2.0.conv1.weight"]
    path = _saved(weights, tmp_path / "odd.pth")
    with pytest.raises(ValueError, match=r"odd\.pth does not fit") as caught:
        create_backbone("test_resnet", image_size=SIZE, weights=path)
    said = str(caught.value)
    assert said.startswith("timm:test_resnet: ")
    assert "lacks layer2.0.conv1.weight" in said
    assert "no place for layer9.weight" in said
    assert "layer1.0.conv1.weight is (1, 2), expected (" in said
    assert "\n" not in said


def test_what_holds_no_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is nothing at"):
        read_weights(tmp_path / "missing.pth")
    with pytest.raises(ValueError, match="there is a folder at"):
        read_weights(tmp_path)
    with pytest.raises(ValueError, match="but it holds epoch, best"):
        read_weights(_saved({"epoch": 3, "best": 0.5}, tmp_path / "numbers.pth"))
    with pytest.raises(ValueError, match="more than tensors and plain containers"):
        read_weights(_saved(nn.Linear(1, 1), tmp_path / "module.pth"))
    for name in ("noise.pth", "noise.safetensors"):
        (tmp_path / name).write_bytes(b"noise")
        with pytest.raises(ValueError, match="cannot read weights from") as caught:
            read_weights(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_published_weights_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def offline(name: str, **arguments: Any) -> nn.Module:
        asked.update(arguments, name=name)
        raise OSError("no route to host")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ValueError, match=r"no route to host.*give its path as weights"):
        create_backbone("resnet50.a1_in1k", image_size=SIZE, pretrained=True)
    assert (asked["name"], asked["pretrained"]) == ("resnet50.a1_in1k", True)


def test_two_sources_of_weights_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose one"):
        create_backbone("resnet18", image_size=SIZE, pretrained=True, weights=tmp_path)


def _saved(content: Any, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(content, path)
    else:
        torch.save(content, path)
    return path
