"""Models that describe parts: PCB and MGN."""

import pytest
import torch
from torch.nn import functional as F

from reid_core.models import create_model
from reid_core.models.branches import stripes

SIZE = (96, 32)


def test_stripes_are_those_of_adaptive_pooling() -> None:
    features = torch.randn(2, 3, 8, 4)
    for count in (2, 3, 5, 8):
        found = torch.stack([s.mean(dim=(2, 3)) for s in stripes(features, count)], dim=2)
        torch.testing.assert_close(found, F.adaptive_avg_pool2d(features, (count, 1))[..., 0])


def test_each_vector_of_pcb_describes_its_stripe_only() -> None:
    model = create_model("test_resnet", kind="pcb", image_size=SIZE, options={"parts": 3}).eval()
    output = model(torch.randn(2, 3, *SIZE))
    assert model.embedding_size == 3 * 256
    assert [branch.is_part for branch in output.branches] == [True] * 3
    assert torch.equal(output.embedding[:, 256:512], output.branches[1].embedding)
    pooled = F.adaptive_avg_pool2d(output.feature_map, (3, 1))[..., 0]
    for number, branch in enumerate(output.branches):
        expected = pooled[:, :, number] @ model.parts[number].head.reduction.weight.T
        torch.testing.assert_close(branch.feature, expected, rtol=1e-4, atol=1e-4)


def test_mgn_looks_at_one_two_and_three_parts() -> None:
    model = create_model("reid:resnet18", kind="mgn", image_size=SIZE).eval()
    images = torch.randn(2, 3, *SIZE)
    output = model(images)
    flags = [branch.is_part for branch in output.branches]
    assert flags == [False, False, True, True, False, True, True, True]
    assert model.embedding_size == output.embedding.shape[1] == 8 * 256
    common = model.trunk(images)
    sizes = [tuple(tail(common).shape[2:]) for tail in model.tails]
    assert sizes == [(3, 1), (6, 2), (6, 2)]
    lower = model.tails[1](common)[:, :, 3:].amax(dim=(2, 3))
    expected = lower @ model.heads[3].head.reduction.weight.T
    torch.testing.assert_close(output.branches[3].feature, expected, rtol=1e-4, atol=1e-4)


def test_the_branches_of_mgn_start_alike_and_learn_apart() -> None:
    model = create_model("reid:resnet18", kind="mgn", image_size=SIZE)
    first, second = (dict(tail.named_parameters()) for tail in list(model.tails)[:2])
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(first[name] is not second[name] for name in first)


@pytest.mark.parametrize(
    ("name", "kind", "arguments", "said"),
    [
        ("test_vit", "pcb", {}, r"kind pcb cuts a map into places.*choose a CNN such as"),
        # Its published weights are not asked for: there is no network here.
        ("test_vit", "pcb", {"pretrained": True}, "kind pcb cuts a map into places"),
        ("test_resnet", "transreid", {"pretrained": True}, "needs a ViT with a class token"),
        ("test_resnet", "pcb", {"options": {"parts": 1}}, "option parts of kind pcb.*not 1"),
        ("test_resnet", "pcb", {"options": {"part": 3}}, "part"),
        ("test_resnet", "mgn", {}, "choose reid:resnet50"),
        ("reid:resnet18", "mgn", {"last_stride": 2}, "use last_stride=1"),
        (
            "reid:resnet18",
            "mgn",
            {"options": {"non_local": [0, 1, 1, 0]}},
            "no place for non_local",
        ),
        ("test_resnet", "agw", {}, "kind agw takes the stages of a ResNet apart.*reid:resnet50"),
    ],
)
def test_what_does_not_go_together_is_refused(
    name: str, kind: str, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        create_model(name, kind=kind, image_size=SIZE, **arguments)


def test_more_stripes_than_rows_are_refused() -> None:
    model = create_model("test_resnet", kind="pcb", image_size=(64, 32), last_stride=2)
    with pytest.raises(ValueError, match="a map of 2 rows cannot be cut into 6 stripes; take"):
        model(torch.randn(2, 3, 64, 32))


def test_agw_begins_as_its_resnet_and_then_looks_around() -> None:
    torch.manual_seed(0)
    plain = create_model("reid:resnet18", image_size=SIZE, pooling="gem")
    agw = create_model("reid:resnet18", kind="agw", image_size=SIZE)
    missing = agw.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing
    assert all(".non_local." in name for name in missing)
    images = torch.randn(2, 3, *SIZE)
    assert torch.equal(plain.eval()(images).embedding, agw.eval()(images).embedding)
    torch.nn.init.ones_(agw.backbone.non_local[2][0].W[1].weight)
    assert not torch.equal(plain(images).embedding, agw(images).embedding)
