"""mmcv networks as feature maps, and what is said where mmcv is missing."""

import sys
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from reid_core.backbones import create_backbone
from reid_core.registry import UnknownNameError

SIZE = (64, 32)


def test_a_resnet_is_torchvisions_with_its_weights(tmp_path: Path) -> None:
    pytest.importorskip("mmcv", exc_type=ImportError)
    reference = torchvision.models.resnet18(num_classes=3).eval()
    torch.save(reference.state_dict(), tmp_path / "resnet18.pth")
    block = reference.layer4[0]
    block.conv1.stride = block.downsample[0].stride = (1, 1)
    path = tmp_path / "resnet18.pth"
    backbone = create_backbone("mmcv:resnet18", image_size=SIZE, weights=path).eval()
    images = torch.randn(1, 3, *SIZE)
    with torch.inference_mode():
        expected = nn.Sequential(*list(reference.children())[:-2])(images)
        torch.testing.assert_close(backbone(images), expected)
    assert backbone.num_features == 512


def test_a_vgg_is_torchvisions_with_its_weights(tmp_path: Path) -> None:
    pytest.importorskip("mmcv", exc_type=ImportError)
    vgg = torchvision.models.vgg
    reference = vgg.make_layers(vgg.cfgs["A"], batch_norm=True).eval()
    weights = {f"features.{key}": value for key, value in reference.state_dict().items()}
    torch.save(weights, tmp_path / "vgg.pth")
    images = torch.randn(1, 3, *SIZE)
    for stride, layers in ((2, reference), (1, reference[:-1])):
        backbone = create_backbone(
            "mmcv:vgg11_bn", image_size=SIZE, last_stride=stride, weights=tmp_path / "vgg.pth"
        ).eval()
        with torch.inference_mode():
            torch.testing.assert_close(backbone(images), layers(images))


def test_an_alexnet_is_torchvisions_with_its_weights(tmp_path: Path) -> None:
    pytest.importorskip("mmcv", exc_type=ImportError)
    reference = torchvision.models.alexnet(num_classes=3).eval()
    torch.save(reference.state_dict(), tmp_path / "alexnet.pth")
    images = torch.randn(1, 3, 128, 64)
    for stride, layers in ((2, reference.features), (1, reference.features[:-1])):
        backbone = create_backbone(
            "mmcv:alexnet",
            image_size=(128, 64),
            last_stride=stride,
            weights=tmp_path / "alexnet.pth",
        ).eval()
        with torch.inference_mode():
            torch.testing.assert_close(backbone(images), layers(images))


def test_batch_statistics_are_learned() -> None:
    pytest.importorskip("mmcv", exc_type=ImportError)
    backbone = create_backbone("mmcv:resnet18", image_size=SIZE).train()
    before = backbone.network.bn1.running_mean.clone()
    backbone(torch.randn(2, 3, *SIZE))
    assert not torch.equal(backbone.network.bn1.running_mean, before)


def test_an_unknown_network_is_told_the_nearest_also_without_mmcv(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mmcv", None)
    with pytest.raises(UnknownNameError, match="'mmcv:resnet51'; nearest: mmcv:resnet50"):
        create_backbone("mmcv:resnet51", image_size=SIZE)


def test_without_mmcv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mmcv", None)
    with pytest.raises(ValueError, match=r"^mmcv:resnet18: .*pip install 'reid-core\[mmcv\]'$"):
        create_backbone("mmcv:resnet18", image_size=SIZE)


def test_without_libgl_the_system_library_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "mmcv"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('libGL.so.1: cannot open')")
    for name in [name for name in sys.modules if name.partition(".")[0] == "mmcv"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=r"libGL.so.1.*apt-get install libgl1"):
        create_backbone("mmcv:resnet18", image_size=SIZE)
