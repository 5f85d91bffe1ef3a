"""The models: their parts against naive forms, what moves in fine-tuning, and checkpoints."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from reid_attr import Group, Schema
from reid_attr.models import (
    AttributeModel,
    C2TNet,
    ChannelAttention,
    CrossFusion,
    count_parameters,
    create_attribute_model,
    load_attribute_model,
    read_attribute_checkpoint,
    save_attribute_model,
    set_finetuning,
)

SCHEMA = Schema("tiny", (Group("age", ("young", "old"), "one"), Group("hat", ("hat",))))
SIZE = (64, 32)


def small(**options: object) -> AttributeModel:
    torch.manual_seed(0)
    return create_attribute_model("c2tnet_small", schema=SCHEMA, image_size=SIZE, **options)  # type: ignore[arg-type]


def some_images(count: int = 2) -> Tensor:
    return torch.rand(count, 3, *SIZE, generator=torch.Generator().manual_seed(1))


def test_channel_attention_mixes_channels_as_a_loop_does() -> None:
    torch.manual_seed(0)
    attention = ChannelAttention(6).eval()
    channels = torch.randn(2, 4, 6)
    found = attention(channels)
    for image, result in zip(channels, found, strict=True):
        q, k, v = (linear(image) for linear in (attention.query, attention.key, attention.value))
        for c in range(4):
            shares = torch.tensor([(q[c] @ k[other] / 6**0.5).item() for other in range(4)])
            expected = image[c] + sum(s * v[o] for o, s in enumerate(shares.softmax(0)))
            assert torch.allclose(result[c], expected, atol=1e-6)
    # The right form does not care in which order channels come; the published one does.
    order = torch.tensor([2, 0, 3, 1])
    assert torch.allclose(attention(channels[:, order]), found[:, order], atol=1e-6)
    attention.scrambled = True
    assert not torch.allclose(attention(channels[:, order]), attention(channels)[:, order])


def test_cross_fusion_is_torchs_attention_with_a_residual() -> None:
    torch.manual_seed(0)
    fusion = CrossFusion(16, heads=4)
    reference = nn.MultiheadAttention(16, 4, batch_first=True)
    rows = [fusion.query.weight, fusion.key.weight, fusion.value.weight]
    with torch.no_grad():
        reference.in_proj_weight.copy_(torch.cat(rows))
        reference.in_proj_bias.zero_()
        reference.out_proj.load_state_dict(fusion.out.state_dict())
    token, others = torch.randn(3, 16), torch.randn(3, 5, 16)
    context = torch.cat([token[:, None], others], dim=1)
    expected = token + reference(token[:, None], context, context)[0][:, 0]
    assert torch.allclose(fusion(token, others), expected, atol=1e-6)
    with pytest.raises(ValueError, match="do not divide"):
        CrossFusion(10, heads=4)


def test_the_published_network_has_the_published_size() -> None:
    """411.74 M parameters for 40 attributes."""
    model = create_attribute_model("c2tnet", schema="upar")
    counts = {count.part: count.parameters for count in count_parameters(model)}
    assert counts["all"] / 1e6 == pytest.approx(411.74, abs=0.03)
    assert counts["channel attention"] / 1e6 == pytest.approx(13.4, abs=0.05)
    assert model.head.classifier.in_features == 2048


@pytest.mark.parametrize("size", [(64, 32), (128, 64), (96, 48)])
def test_any_image_size_is_taken(size: tuple[int, int]) -> None:
    model = create_attribute_model("c2tnet_small", schema=SCHEMA, image_size=size).eval()
    output = model(torch.rand(2, 3, *size))
    assert output.logits.shape == (2, 3)
    assert output.feature.shape == (2, model.body.width)
    with pytest.raises(ValueError, match="expected images"):
        model(torch.rand(2, 3, 10, 10))


@pytest.mark.parametrize(
    ("name", "width", "millions"),
    [
        ("timm:resnet50", 2048, 23.6),
        ("timm:swin_small_patch4_window7_224", 768, 48.8),
        ("timm:convnext_tiny", 768, 27.9),
        ("timm:vit_base_patch16_224", 768, 85.7),
    ],
)
def test_the_strong_baselines_are_what_they_are_called(
    name: str, width: int, millions: float
) -> None:
    model = create_attribute_model(name, schema="upar").eval()
    with torch.inference_mode():
        output = model(torch.zeros(1, 3, 256, 128))
    assert output.logits.shape == (1, 40)
    assert output.feature.shape == (1, width)
    assert count_parameters(model)[-1].parameters / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize("name", ["c2tnet_small", "test_convnext", "test_vit", "test_resnet"])
def test_every_parameter_learns(name: str) -> None:
    """What gets no gradient stops distributed training."""
    model = create_attribute_model(name, schema=SCHEMA, image_size=SIZE, adapter=2)
    nn.init.normal_(model.head.adapter.up.weight)  # type: ignore[union-attr]
    model(some_images(4)).logits.square().mean().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_each_trunk_normalises_by_its_own_mean() -> None:
    body = small().body
    assert isinstance(body, C2TNet)
    assert body.tokens.normalize.mean.flatten().tolist() == [0.5] * 3
    assert body.stages.normalize.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])


@pytest.mark.parametrize("size", [(64, 32), (96, 64)])
@pytest.mark.parametrize(
    "stages",
    [
        (
            "swin_tiny_patch4_window7_224",
            {"num_heads": (1, 2, 4, 8), "window_size": 4, "embed_dim": 8},
        ),
        ("convnext_atto", {"dims": (8, 16, 32, 64)}),
    ],
)
def test_stages_may_be_of_either_kind(
    stages: tuple[str, dict[str, object]], size: tuple[int, int]
) -> None:
    """Swin keeps its channels last, ConvNeXt first; channel attention sees the same of both."""
    tokens = ("vit_tiny_patch16_224", {"depth": 1, "embed_dim": 64, "num_heads": 2})
    few = (stages[0], {**stages[1], "depths": (1, 1, 1, 1)})
    body = C2TNet(tokens, few, image_size=size)
    seen: list[torch.Size] = []
    for module in body.stages.before:
        module.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    body(torch.rand(2, 3, *size)).square().mean().backward()
    places = [size[0] * size[1] // step**2 for step in (4, 8, 16, 32)]
    assert seen == [(2, 8 * 2**at, count) for at, count in enumerate(places)]
    assert all(parameter.grad is not None for parameter in body.parameters())


def test_trunks_can_be_chosen_and_must_be_of_one_width() -> None:
    with pytest.raises(ValueError, match="one width"):
        small(tokens="test_vit")
    with pytest.raises(ValueError, match="no class token"):
        small(tokens="swin_tiny_patch4_window7_224")
    with pytest.raises(ValueError, match="no stages of the kind"):
        small(stages="test_vit")
    with pytest.raises(ValueError, match="nearest"):
        small(tokens="vit_tinny")


@pytest.mark.parametrize("name", ["timm:resnet10t", "test_convnext", "test_vit"])
def test_single_trunks(name: str) -> None:
    model = create_attribute_model(name, schema=SCHEMA, image_size=SIZE).eval()
    assert model(some_images()).logits.shape == (2, 3)
    with pytest.raises(ValueError, match="cross-fusion"):
        set_finetuning(model, "partial")


def test_one_network_gives_embedding_and_attributes() -> None:
    options = {"name": "timm:resnet10t"}
    model = create_attribute_model("reid", schema=SCHEMA, image_size=SIZE, options=options).eval()
    images = some_images()
    body = model.body
    expected = body.model(body.normalize(images)).embedding  # type: ignore[operator]
    assert torch.equal(model(images).feature, expected)


def step(model: AttributeModel) -> set[str]:
    """Train for a step; return the parts of which any parameter or statistic moved."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(moving, lr=0.01, weight_decay=0.1)
    model.train()
    for _ in range(2):
        optimizer.zero_grad()
        model(some_images(4)).logits.square().mean().backward()
        optimizer.step()
    after = model.state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    return {part for part, modules in model.parts().items() if moved & _names(model, modules)}


def _names(model: AttributeModel, modules: list[nn.Module]) -> set[str]:
    paths = {id(module): path for path, module in model.named_modules()}
    return {f"{paths[id(module)]}.{name}" for module in modules for name in module.state_dict()}


ALL = {"trunks", "channel attention", "cross-fusion", "head", "adapter"}


@pytest.mark.parametrize(
    ("mode", "moves"),
    [
        ("full", ALL),
        ("partial", ALL - {"trunks"}),
        ("cross-fusion", {"cross-fusion"}),
        ("head", {"head", "adapter"}),
        ("adapter", {"adapter"}),
    ],
)
def test_fine_tuning_moves_what_it_says_and_nothing_else(mode: str, moves: set[str]) -> None:
    model = small(adapter=8, batch_norm=True)
    counts = {count.part: count for count in set_finetuning(model, mode)}  # type: ignore[arg-type]
    assert {part for part, count in counts.items() if count.trainable} - {"all"} == moves
    assert counts["all"].trainable == sum(counts[part].trainable for part in moves)
    assert counts["all"].parameters == sum(
        count.parameters for part, count in counts.items() if part != "all"
    )
    assert step(model) == moves


def test_frozen_batch_norm_keeps_its_statistics() -> None:
    model = create_attribute_model("timm:resnet10t", schema=SCHEMA, image_size=SIZE)
    set_finetuning(model, "head")
    assert step(model) == {"head"}


def test_modes_can_follow_each_other_and_need_their_parts() -> None:
    model = small()
    set_finetuning(model, "head")
    counts = set_finetuning(model, "full")
    assert counts[-1].trainable == counts[-1].parameters
    with pytest.raises(ValueError, match="adapter=8"):
        set_finetuning(model, "adapter")
    with pytest.raises(ValueError, match="one of full, partial"):
        set_finetuning(model, "half")  # type: ignore[arg-type]


def test_an_adapter_begins_as_nothing() -> None:
    plain, adapted = small().eval(), small(adapter=8).eval()
    missing = adapted.load_state_dict(plain.state_dict(), strict=False)
    assert all(key.startswith("head.adapter") for key in missing.missing_keys)
    assert torch.equal(plain(some_images()).logits, adapted(some_images()).logits)


@pytest.mark.parametrize(
    "options",
    [
        {"name": "c2tnet_small", "adapter": 4, "scrambled": True},
        {"name": "test_convnext", "batch_norm": True, "dropout": 0.3},
        {"name": "reid", "options": {"name": "timm:resnet10t"}},
    ],
)
def test_a_model_survives_its_checkpoint(tmp_path: Path, options: dict[str, object]) -> None:
    model = create_attribute_model(schema=SCHEMA, image_size=SIZE, **options).eval()  # type: ignore[arg-type]
    thresholds = (0.5, 0.25, 0.75)
    save_attribute_model(model, tmp_path, thresholds=thresholds, softmax=True, metadata={"a": 1})
    again = load_attribute_model(tmp_path)
    assert torch.equal(again(some_images()).logits, model(some_images()).logits)
    info = read_attribute_checkpoint(tmp_path)
    assert (info.schema, info.thresholds, info.softmax) == (SCHEMA, thresholds, True)
    assert info.metadata == {"a": 1}


def test_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        load_attribute_model(tmp_path)
    model = create_attribute_model("test_convnext", schema=SCHEMA, image_size=SIZE)
    with pytest.raises(ValueError, match="3 thresholds"):
        save_attribute_model(model, tmp_path, thresholds=[0.5])
    save_attribute_model(model, tmp_path)
    info = json.loads((tmp_path / "model.json").read_text())
    for change, message in (
        ({"format": "other"}, "does not describe"),
        ({"version": 99}, "upgrade"),
        ({"schema": {}}, "damaged"),
        ({"architecture": {**info["architecture"], "adapter": 4}}, "does not fit"),
    ):
        (tmp_path / "model.json").write_text(json.dumps({**info, **change}))
        with pytest.raises(ValueError, match=message):
            load_attribute_model(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"x")
    (tmp_path / "model.json").write_text(json.dumps(info))
    with pytest.raises(ValueError, match="cannot read"):
        load_attribute_model(tmp_path)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("timm:resnet10t", {"scrambled": True}, "takes no scrambled"),
        ("c2tnet_small", {"weights": "x.pth"}, "token_weights"),
        ("reid", {}, "needs weights"),
        ("resnt50", {}, "nearest"),
        ("timm:resnet10t", {"dropout": 1.5}, "dropout"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        create_attribute_model(name, schema=SCHEMA, image_size=SIZE, **options)  # type: ignore[arg-type]
