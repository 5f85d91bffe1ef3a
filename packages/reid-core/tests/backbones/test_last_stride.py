"""Stride 1 in the last stage, whatever the family of the network."""

import pytest
import timm
import torch
import torchvision
from torch import nn

from reid_core.backbones import create_backbone
from reid_core.backbones.last_stride import keep_last_resolution

SIZE = (128, 64)
NETWORKS = [
    "resnet10t",  # average pooling in the shortcuts, as all ResNet-D
    "resnet18",
    "legacy_seresnet18",
    "skresnet18",
    "resnetblur18",  # blur pooling
    "mobilenetv3_small_050",
    "mobilenetv4_conv_small_035",
    "tf_efficientnet_lite0",  # padding computed at run time
    "regnetx_002",
    "ghostnet_050",
    "repvgg_a0",  # parallel branches
    "dla46_c",  # max pooling in the shortcuts
    "convnext_atto",  # even kernels
    "pvt_v2_b0",  # attention that shrinks its keys in every stage
    "test_byobnet",
    "test_mambaout",  # channels last
    "test_nfnet",  # standardised weights
    "mmcv:resnet18",
]


# Large ones, and further ones of families that others stand for.
WHEN_THERE_IS_TIME = {"legacy_seresnet18", "skresnet18", "ghostnet_050", "dla46_c", "repvgg_a0"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in WHEN_THERE_IS_TIME else ())
        for name in NETWORKS
    ],
)
def test_the_map_doubles_and_everything_else_stays(name: str) -> None:
    if name.startswith("mmcv:"):
        pytest.importorskip("mmcv", exc_type=ImportError)
    images = torch.randn(1, 3, *SIZE)
    backbone = create_backbone(name, image_size=SIZE, last_stride=2).eval()
    with torch.inference_mode():
        before = backbone(images).shape
    shapes, dilations = _shapes(backbone), _dilations(backbone)
    keep_last_resolution(backbone, SIZE)
    with torch.inference_mode():
        assert backbone(images).shape == (*before[:2], 2 * before[2], 2 * before[3])
    assert (_shapes(backbone), _dilations(backbone)) == (shapes, dilations)


def test_equals_a_torchvision_network_with_its_strides_set_by_hand() -> None:
    reference = torchvision.models.resnet18(num_classes=1).eval()
    block = reference.layer4[0]
    block.conv1.stride = block.downsample[0].stride = (1, 1)
    backbone = create_backbone("timm:resnet18", image_size=SIZE).eval()
    weights = {k: v for k, v in reference.state_dict().items() if not k.startswith("fc.")}
    backbone.network.load_state_dict(weights)
    images = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(0))
    stages = nn.Sequential(*list(reference.children())[:-2])
    with torch.inference_mode():
        torch.testing.assert_close(backbone(images), stages(images))


def test_an_even_kernel_pads_at_the_right_and_bottom() -> None:
    # What the strided convolution computed must be found again at every second place.
    backbone = create_backbone("convnext_atto", image_size=SIZE)
    convolution = backbone.network.stages[3].downsample[1]
    features = torch.randn(1, convolution.in_channels, 8, 4)
    strided = nn.functional.conv2d(features, convolution.weight, convolution.bias, stride=2)
    found = convolution(features)
    assert found.shape[2:] == (8, 4)
    torch.testing.assert_close(found[:, :, ::2, ::2], strided)


def test_the_shortcut_of_a_resnet_d_loses_its_pooling() -> None:
    backbone = create_backbone("resnet10t", image_size=SIZE).eval()
    pooled, kept = (backbone.network.get_submodule(f"layer{i}")[0].downsample for i in (3, 4))
    assert isinstance(pooled[0], nn.AvgPool2d)
    assert not any(isinstance(module, nn.AvgPool2d) for module in kept.modules())


def test_the_keys_of_earlier_attention_still_shrink() -> None:
    backbone = create_backbone("pvt_v2_b0", image_size=SIZE)
    attention = backbone.network.stages[2].blocks[0].attn
    assert attention.sr.stride == (2, 2)
    assert backbone.network.stages[3].downsample.proj.stride == (1, 1)


@pytest.mark.parametrize(("image_size", "expected"), [((100, 50), (7, 4)), ((255, 126), (16, 8))])
def test_odd_sizes_keep_the_resolution_of_the_stage_before(
    image_size: tuple[int, int], expected: tuple[int, int]
) -> None:
    backbone = create_backbone("test_resnet", image_size=image_size)
    assert backbone(torch.randn(2, 3, *image_size)).shape[2:] == expected


def test_where_it_is_impossible_the_error_says_what_to_do() -> None:
    name = "swin_tiny_patch4_window7_224"
    with pytest.raises(ValueError, match=rf"^timm:{name}: .*use last_stride=2$") as caught:
        create_backbone(name, image_size=(224, 112))
    assert "\n" not in str(caught.value)


def test_a_network_that_cannot_be_changed_is_left_as_it_was() -> None:
    backbone = create_backbone("efficientformerv2_s0", image_size=SIZE, last_stride=2).eval()
    images = torch.randn(1, 3, *SIZE)
    with torch.inference_mode():
        before = backbone(images)
        with pytest.raises(ValueError, match="cannot keep the resolution"):
            keep_last_resolution(backbone, SIZE)
        assert torch.equal(backbone(images), before)


def test_networks_of_one_resolution_take_both() -> None:
    one, two = (create_backbone("test_vit", image_size=SIZE, last_stride=s) for s in (1, 2))
    images = torch.randn(1, 3, *SIZE)
    assert one(images).shape == two(images).shape == (1, 64, 8, 4)


def test_other_strides_are_refused() -> None:
    with pytest.raises(ValueError, match="last_stride must be 1 or 2, not 3"):
        create_backbone("test_resnet", image_size=SIZE, last_stride=3)


def test_the_reference_of_dilation_is_not_what_timm_calls_output_stride() -> None:
    dilated = timm.create_model("resnet10t", output_stride=16)
    assert set(_dilations(dilated)) == {(1, 1), (2, 2)}
    assert set(_dilations(create_backbone("resnet10t", image_size=SIZE))) == {(1, 1)}


def _shapes(network: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in network.state_dict().items()}


def _dilations(network: nn.Module) -> list[tuple[int, ...]]:
    return [module.dilation for module in network.modules() if isinstance(module, nn.Conv2d)]
