"""Video baselines: frames pooled over time, and convolutions over time."""

import pytest
import torch

from reid_core.models import create_model

SIZE = (64, 32)


def test_the_average_is_the_mean_of_the_frames() -> None:
    video = create_model("test_resnet", kind="video-average", image_size=SIZE).eval()
    image = create_model("test_resnet", image_size=SIZE).eval()
    image.load_state_dict(video.state_dict())
    clips = torch.randn(2, 3, 3, *SIZE)
    frames = torch.stack([image(clips[:, t]).feature for t in range(3)])
    torch.testing.assert_close(video(clips).feature, frames.mean(dim=0), rtol=1e-4, atol=1e-4)


def test_attention_weighs_the_frames() -> None:
    model = create_model("test_vit", kind="video-attention", image_size=SIZE).eval()
    clips = torch.randn(2, 4, 3, *SIZE)
    before = model(clips).feature
    torch.nn.init.normal_(model.temporal.score.weight, std=30)
    assert not torch.allclose(model(clips).feature, before, atol=1e-3)


@pytest.mark.parametrize("name", ["reid:resnet18", "reid:resnet18_ibn_a"])
def test_the_inflated_network_begins_frame_by_frame(name: str) -> None:
    torch.manual_seed(0)
    image = create_model(name, kind="agw", image_size=SIZE).eval().backbone
    torch.manual_seed(0)
    model = create_model(name, kind="video-3d", image_size=SIZE).eval()
    clips = torch.randn(1, 1, 3, *SIZE).expand(-1, 3, -1, -1, -1)
    with torch.inference_mode():
        found = model.backbone(clips.transpose(1, 2))
        expected = image(clips[:, 1])
    assert found.shape == (1, 512, 3, *expected.shape[2:])
    torch.testing.assert_close(found[:, :, 1], expected, rtol=1e-3, atol=1e-3)


def test_convolutions_over_time_can_see_the_order_of_the_frames() -> None:
    model = create_model("reid:resnet18", kind="video-3d", image_size=SIZE).eval()
    clips = torch.randn(1, 4, 3, *SIZE)
    with torch.inference_mode():
        forwards, backwards = model(clips).feature, model(clips.flip(1)).feature
        torch.testing.assert_close(forwards, backwards, rtol=1e-3, atol=1e-3)
        for parameter in model.backbone.parameters():
            if parameter.ndim == 5 and parameter.shape[2] == 3:
                parameter.normal_(std=0.05)
        assert not torch.allclose(model(clips).feature, model(clips.flip(1)).feature, atol=1e-3)


def test_an_image_given_to_a_video_model_is_told_what_to_choose() -> None:
    model = create_model("test_resnet", kind="video-average", image_size=SIZE)
    with pytest.raises(ValueError, match=r"clips \(B, T, 3, H, W\), came .*an image model"):
        model(torch.zeros(2, 3, *SIZE))
    with pytest.raises(ValueError, match="choose reid:resnet50"):
        create_model("test_resnet", kind="video-3d", image_size=SIZE)
