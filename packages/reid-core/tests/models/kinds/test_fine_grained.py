"""The fine-grained model of two trunks, for images and for clips."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reid_core.models import create_model
from reid_core.models.kinds.fine_grained_parts import PlaceContext, attended_mean, attention_map
from reid_core.models.kinds.temporal import TemporalAttention, TemporalMean

SIZE = (64, 32)
SMALL = {"size": 16, "inner": 8}


def build(kind: str = "fine-grained", **options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    model = create_model("test_resnet", kind=kind, image_size=SIZE, options={**SMALL, **options})
    torch.nn.init.normal_(model.context.out.weight)
    return model.eval()


def test_the_map_of_attention_by_hand_and_inside_zero_and_one() -> None:
    features, weights = torch.randn(2, 3, 4, 2), torch.rand(2, 3)
    found = attention_map(features, weights)
    for image in range(2):
        score = sum(weights[image, c].item() * features[image, c].numpy() for c in range(3))
        score = (score - score.mean()) / np.sqrt(score.var() + 1e-5)
        np.testing.assert_allclose(found[image], 1 / (1 + np.exp(-score)), rtol=1e-4)
    assert ((found > 0.01) & (found < 0.99)).all()
    assert (found < 0.5).any()


def test_the_context_by_loops() -> None:
    context = PlaceContext(4, inner=3)
    places = torch.randn(2, 5, 4)
    assert torch.equal(context(places), places)
    torch.nn.init.normal_(context.out.weight)
    theta = (places @ context.theta.weight.T).relu()
    theta = theta / theta.norm(dim=2, keepdim=True).clamp(min=1e-12)
    g = (places @ context.g.weight.T).relu()
    expected = places.clone()
    for clip in range(2):
        for here in range(5):
            weights = torch.stack([theta[clip, here] @ theta[clip, n] for n in range(5)]).exp()
            seen = sum(weights[n] / weights.sum() * g[clip, n] for n in range(5))
            expected[clip, here] += context.out.weight @ seen
    torch.testing.assert_close(context(places), expected)


def test_the_attended_mean_divides_by_the_attention() -> None:
    features, attention = torch.randn(2, 3, 4, 2), torch.rand(2, 4, 2)
    found = attended_mean(features * attention[:, None], attention)
    weights = attention / attention.sum(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(found, (features * weights[:, None]).sum(dim=(2, 3)))


def test_both_halves_make_the_embedding() -> None:
    model = build()
    output = model(torch.randn(3, 3, *SIZE))
    assert model.embedding_size == output.embedding.shape[1] == 32
    assert torch.equal(output.feature, output.embedding)
    halves = [branch.embedding for branch in output.branches]
    assert torch.equal(torch.cat(halves, dim=1), output.embedding)
    assert output.attention.shape == (3, *output.feature_map.shape[2:])
    full = create_model("test_resnet", kind="fine-grained", image_size=SIZE)
    assert full.embedding_size == 2048


def test_an_image_does_not_depend_on_who_else_is_in_the_batch() -> None:
    model, images = build(), torch.randn(3, 3, *SIZE)
    with torch.inference_mode():
        whole = model(images)
        other = model(torch.cat([images[:1], images[1:] * 9]))
    torch.testing.assert_close(whole.attention[0], other.attention[0])
    torch.testing.assert_close(whole.embedding[0], other.embedding[0])


def test_the_second_trunk_starts_as_the_first_or_from_a_file(tmp_path: Path) -> None:
    model = build()
    first, second = (trunk.state_dict() for trunk in model.trunks)
    assert all(torch.equal(first[name], second[name]) for name in first)
    torch.manual_seed(9)
    source = create_model("test_resnet", image_size=SIZE).backbone.network
    torch.save(source.state_dict(), tmp_path / "second.pth")
    model = build(second_weights=str(tmp_path / "second.pth"))
    expected = source.state_dict()["conv1.0.weight"]
    assert torch.equal(model.trunks[1].network.state_dict()["conv1.0.weight"], expected)
    assert not torch.equal(model.trunks[0].network.state_dict()["conv1.0.weight"], expected)
    assert "second_weights" not in model.architecture["options"]


def test_a_clip_of_one_frame_is_an_image_and_equal_frames_change_nothing() -> None:
    image_model, clip_model = build(), build("fine-grained-video")
    clip_model.load_state_dict(image_model.state_dict())
    images = torch.randn(2, 3, *SIZE)
    expected = image_model(images)
    single = clip_model(images[:, None])
    torch.testing.assert_close(single.embedding, expected.embedding)
    torch.testing.assert_close(single.attention[:, 0], expected.attention)
    still = clip_model(images[:, None].expand(-1, 4, -1, -1, -1))
    torch.testing.assert_close(still.embedding, expected.embedding, rtol=1e-4, atol=1e-4)


def test_attention_over_time_starts_as_the_mean_and_can_leave_it() -> None:
    frames = torch.randn(2, 5, 6)
    attention = TemporalAttention(6, inner=4)
    torch.testing.assert_close(attention(frames), TemporalMean()(frames))
    torch.nn.init.normal_(attention.score.weight, std=3)
    weights = attention.weights(frames)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
    by_hand = torch.stack([sum(weights[b, t] * frames[b, t] for t in range(5)) for b in range(2)])
    torch.testing.assert_close(attention(frames), by_hand)
    assert not torch.allclose(attention(frames), frames.mean(dim=1), atol=1e-3)
    assert any(
        "over_time" in n
        for n, _ in build("fine-grained-video", temporal="attention").named_parameters()
    )


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="leave pooling and embed_dim unset and give options"):
        create_model("test_resnet", kind="fine-grained", image_size=SIZE, embed_dim=64)
    with pytest.raises(ValueError, match="option temporal of kind fine-grained-video"):
        build("fine-grained-video", temporal="max")
    with pytest.raises(ValueError, match=r"describes clips \(B, T, 3, H, W\), came \(2, 3, 64"):
        build("fine-grained-video")(torch.zeros(2, 3, *SIZE))
