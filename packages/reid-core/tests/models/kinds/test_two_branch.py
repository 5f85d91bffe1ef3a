"""Two branches on one trunk, and a third that runs in training alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from reid_core.backbones import create_backbone
from reid_core.backbones.cutting import cut, stage_ends
from reid_core.models import ReidModel, create_model, load_model, save_model
from reid_core.models.pooling import poolings

SIZE = (64, 32)


def model(name: str = "timm:test_resnet", *, stride: int = 2, **options: object) -> ReidModel:
    torch.manual_seed(0)
    settings = {"image_size": SIZE, "last_stride": stride, "options": options}
    return create_model(name, kind="two-branch", **settings)  # type: ignore[arg-type]


def images(count: int = 2) -> Tensor:
    return torch.randn(count, 3, *SIZE, generator=torch.Generator().manual_seed(0))


def count(module: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.slow
def test_a_resnet_50_has_the_published_sizes() -> None:
    """46 and 69 million weights, 8,192 numbers an image; 384 x 192 becomes 24 x 12 places."""
    whole = create_model("timm:resnet50", kind="two-branch", image_size=(384, 192))
    three = create_model(
        "timm:resnet50", kind="two-branch", image_size=(384, 192), options={"pose_branch": True}
    )
    assert whole.embedding_size == three.embedding_size == 8192
    assert round(count(whole) / 1e6) in (45, 46)
    assert round(count(three) / 1e6) == 69
    with torch.inference_mode():
        output = whole.eval()(torch.zeros(1, 3, 384, 192))
    assert output.feature_map.shape == (1, 2048, 24, 12)


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("timm:test_resnet", 1),
        ("timm:test_resnet", 2),
        ("timm:test_resnet", 3),
        ("reid:resnet18_ibn_a", 2),
        ("timm:mobilenetv3_small_100", 2),
        pytest.param("timm:convnext_atto", 2, marks=pytest.mark.slow),
        pytest.param("timm:regnetx_002", 2, marks=pytest.mark.slow),
        pytest.param("timm:densenet121", 1, marks=pytest.mark.slow),
        pytest.param("timm:dla34", 3, marks=pytest.mark.slow),
    ],
)
def test_each_branch_is_the_whole_backbone(name: str, stages: int) -> None:
    """Trunk and tail one after the other compute what the backbone does, and weights are shared."""
    found = model(name, stages=stages, pose_branch=True, pose_stages=3).eval()
    torch.manual_seed(0)
    whole = create_backbone(name, image_size=SIZE, last_stride=2).eval()
    with torch.inference_mode():
        expected = whole(images())
        shared = found.between(common := found.trunk(images()))
        for branch in (*(tail(shared) for tail in found.tails), found.pose(common)):
            torch.testing.assert_close(branch, expected, rtol=1e-4, atol=1e-4)
    parts = [found.trunk, found.between, found.tails[0]]
    assert sum(map(count, parts)) == count(whole)
    assert count(found.trunk) + count(found.pose) == count(whole)


def test_with_all_stages_nothing_is_shared() -> None:
    ends = stage_ends(create_backbone("timm:test_resnet", image_size=SIZE, last_stride=2))
    found = model(stages=len(ends))
    assert count(found.trunk) == 0
    assert found.train()(images()).embedding.shape == (2, found.embedding_size)


def test_the_branch_of_the_pose_runs_in_training_alone() -> None:
    found = model(pose_branch=True)
    output = found.train()(images())
    assert [branch.feature.shape[1] for branch in output.branches] == list(found.branch_sizes)
    first, second, _ = output.branches
    joint = torch.cat([first.embedding, second.embedding], dim=1)
    assert torch.equal(output.embedding, joint)
    assert found.embedding_size == sum(found.branch_sizes[:2])
    ran = []
    found.pose.register_forward_hook(lambda *_: ran.append(1))
    with torch.inference_mode():
        assert len(found.eval()(images()).branches) == 2
    assert not ran


def test_branches_begin_alike_and_go_their_own_ways() -> None:
    found = model()
    first, second = (list(tail.parameters()) for tail in found.tails)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not {id(a) for a in first} & {id(b) for b in second}
    found.train()(images()).branches[0].embedding.square().sum().backward()
    assert any(weight.grad is not None for weight in first)
    assert all(weight.grad is None for weight in second)


def test_weights_of_a_file_reach_every_branch(tmp_path) -> None:
    from safetensors.torch import save_file

    backbone = create_backbone("timm:test_resnet", image_size=SIZE, last_stride=2).eval()
    save_file(backbone.network.state_dict(), tmp_path / "weights.safetensors")
    found = create_model(
        "timm:test_resnet",
        kind="two-branch",
        image_size=SIZE,
        last_stride=2,
        weights=tmp_path / "weights.safetensors",
        options={"pose_branch": True},
    ).eval()
    with torch.inference_mode():
        expected, common = backbone(images()), found.trunk(images())
        for branch in (*(tail(found.between(common)) for tail in found.tails), found.pose(common)):
            torch.testing.assert_close(branch, expected, rtol=1e-4, atol=1e-4)


def test_a_saved_one_with_three_branches_is_the_same(tmp_path) -> None:
    found = model(pose_branch=True, stages=1, pose_stages=2).eval()
    save_model(found, tmp_path)
    loaded = load_model(tmp_path)
    with torch.inference_mode():
        assert torch.equal(loaded(images()).embedding, found(images()).embedding)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("timm:test_resnet", {"stages": 9}, "it has 5 stages"),
        ("timm:test_resnet", {"stages": 0}, "option stages"),
        (
            "timm:test_resnet",
            {"stages": 3, "pose_branch": True, "pose_stages": 2},
            "pose_stages of 3 or more",
        ),
        ("timm:test_vit", {}, "choose a CNN"),
        ("reid:osnet_x0_25", {}, "does not say where its stages end"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(name: str, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model(name, **options)


def test_a_network_whose_parts_do_not_follow_one_another_is_refused() -> None:
    """The sum of a residual block knows both sides of a cut through it."""
    backbone = create_backbone("timm:test_resnet", image_size=SIZE, last_stride=2)
    inner = next(name for name, _ in backbone.named_modules() if name.endswith("layer2.0.conv1"))
    with pytest.raises(ValueError, match="cannot be cut behind"):
        cut(backbone, inner, images())


def test_maximum_and_average_stand_one_behind_the_other() -> None:
    pooling = poolings["max,avg"](4)
    found = torch.rand(2, 4, 3, 2)
    expected = torch.cat([found.amax((2, 3)), found.mean((2, 3))], dim=1)
    assert pooling.output_size == 8
    assert torch.equal(pooling(found), expected)
