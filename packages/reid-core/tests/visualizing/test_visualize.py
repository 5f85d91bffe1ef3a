"""Heat where the network looks, and people where it puts them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from typer.testing import CliRunner

from reid_core import Preprocessing, ReidModel, ReidOutput, create_model, save_model
from reid_core.cli import app
from reid_core.visualizing import (
    attention_rollout,
    contact_sheet,
    grad_cam,
    occlusion,
    overlay,
    plot_embeddings,
    roll_out,
)

SIZE = (64, 32)


class Reds(ReidModel):
    """Embeds by how much red, green and blue there is; its map is the image, made smaller."""

    def __init__(self) -> None:
        super().__init__(3, Preprocessing(SIZE, (0.0,) * 3, (1.0,) * 3), architecture={})
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, images: Tensor) -> ReidOutput:
        places = nn.functional.avg_pool2d(images, 8) * self.scale.view(1, 3, 1, 1)
        feature = places.mean((2, 3))
        return ReidOutput(feature, feature, places)


def test_grad_cam_finds_what_sets_an_image_apart() -> None:
    images = torch.zeros(2, 3, *SIZE, dtype=torch.uint8)
    images[0, 0, :16, :16] = 255  # red above on the left
    images[1, 2, 48:, 16:] = 255  # blue below on the right
    heat = grad_cam(Reds(), images)
    assert heat.shape == (2, 8, 4)
    expected = torch.zeros(2, 8, 4)
    expected[0, :2, :2] = expected[1, 6:, 2:] = 1
    torch.testing.assert_close(heat, expected)


def test_occlusion_is_the_loss_of_what_is_hidden() -> None:
    images = torch.zeros(2, 3, *SIZE, dtype=torch.uint8)
    images[0, 0, :8, :8] = 255  # red above on the left
    images[1, 2, 56:, 24:] = 255  # blue below on the right
    heat = occlusion(Reds(), images)
    assert heat.shape == (2, 8, 4)
    # A window over a place covers half of each neighbour too, and leaves the mean colour, 8 of 255.
    reds, pixels = torch.tensor([[64, 32], [32, 16]]), torch.tensor([[144, 192], [192, 256]])
    lost = reds - pixels * 8 / 255
    expected = torch.zeros(8, 4)
    expected[:2, :2] = lost / lost[0, 0]
    torch.testing.assert_close(heat[0], expected)
    torch.testing.assert_close(heat[1].flip(0, 1), heat[0])
    assert occlusion(Reds(), images, rows=2).shape == (2, 2, 1)
    with pytest.raises(ValueError, match="rows must be from 1 to the 64 pixels"):
        occlusion(Reds(), images, rows=65)


def test_grad_cam_is_that_of_its_paper_by_finite_differences() -> None:
    torch.manual_seed(0)
    model = create_model("timm:resnet10t", image_size=SIZE).eval()
    images = torch.randint(0, 256, (3, 3, *SIZE), dtype=torch.uint8)
    with torch.no_grad():
        output = model(model.preprocessing.normalize(images))
        embedding, features = output.embedding, output.feature_map
        direction = nn.functional.normalize(embedding - embedding.mean(0), dim=1)
        # Behind the map are an average and a fixed scale: one channel's weight is one difference.
        weights = torch.empty(3, features.shape[1])
        for channel in range(features.shape[1]):
            moved = features.clone()
            moved[:, channel] += 1.0
            change = model.neck(model.pooling(moved)) - model.neck(model.pooling(features))
            weights[:, channel] = (change * direction).sum(1) / moved[0, 0].numel()
        map_ = (weights[:, :, None, None] * features).sum(1).relu()
    expected = map_ / map_.amax((1, 2), keepdim=True).clamp_min(1e-12)
    torch.testing.assert_close(grad_cam(model, images), expected, rtol=1e-3, atol=1e-4)


def test_grad_cam_of_one_image_and_of_nothing_to_look_at() -> None:
    image = torch.full((1, 3, *SIZE), 9, dtype=torch.uint8)
    assert grad_cam(Reds(), image).unique().tolist() == [1.0]
    black = grad_cam(Reds(), image * 0)
    assert black.unique().tolist() == [0.0]  # no division by zero

    class NoMap(Reds):
        def forward(self, images: Tensor) -> ReidOutput:
            output = super().forward(images)
            return ReidOutput(output.feature, output.embedding)

    with pytest.raises(ValueError, match="no feature map"):
        grad_cam(NoMap(), image)
    with pytest.raises(ValueError, match="no attention"):
        attention_rollout(NoMap(), image)


def test_rollout_is_the_product_of_layers_with_their_residuals() -> None:
    generator = torch.Generator().manual_seed(0)
    layers = [torch.rand(2, 3, 5, 5, generator=generator).softmax(-1) for _ in range(3)]
    found = roll_out(layers)
    for image in range(2):
        expected = np.eye(5)
        for layer in layers:
            step = layer[image].numpy().mean(0) * 0.5 + np.eye(5) * 0.5
            expected = step @ expected
        np.testing.assert_allclose(found[image].numpy(), expected, rtol=1e-5)
    torch.testing.assert_close(found.sum(-1), torch.ones(2, 5))


def test_attention_is_read_from_the_layers_and_leaves_the_model_as_it_was() -> None:
    torch.manual_seed(0)
    model = create_model("timm:test_vit", image_size=SIZE).eval()
    images = torch.randint(0, 256, (3, 3, *SIZE), dtype=torch.uint8)
    fused = [m.fused_attn for m in model.modules() if hasattr(m, "fused_attn")]
    with torch.no_grad():
        before = model(model.preprocessing.normalize(images)).embedding
    heat = attention_rollout(model, images)
    assert heat.shape == (3, 4, 2)
    assert heat.amin((1, 2)).tolist() == [0.0] * 3
    assert heat.amax((1, 2)).tolist() == [1.0] * 3
    with torch.no_grad():
        after = model(model.preprocessing.normalize(images)).embedding
    assert torch.equal(before, after)
    assert [m.fused_attn for m in model.modules() if hasattr(m, "fused_attn")] == fused
    # Image by image the same: nothing of one image reaches another's heat.
    torch.testing.assert_close(
        attention_rollout(model, images[1:2]), heat[1:2], rtol=1e-4, atol=1e-4
    )


def test_an_overlay_is_hot_where_the_heat_is_and_dark_elsewhere() -> None:
    image = np.full((16, 8, 3), 100, np.uint8)
    heat = np.zeros((4, 2), np.float32)
    heat[0] = 1
    drawn = overlay(image, heat)
    assert drawn.shape == image.shape
    assert (drawn[-1] == 80).all()
    red, green, blue = drawn[0, 0].astype(int)
    assert red > 2 * max(green, blue)  # the hottest colour
    assert (image == 100).all()
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        overlay(image, heat * 2)


def test_a_contact_sheet_keeps_every_tile_in_order() -> None:
    tiles = [(np.full((20, 10, 3), 10 * n, np.uint8),) for n in range(1, 6)]
    sheet = contact_sheet(tiles, ["one"] * 5, columns=3)
    tones = sheet.reshape(-1, 3).max(1)
    assert {10, 20, 30, 40, 50} <= set(tones.tolist())
    left = [int(np.argwhere((sheet == 10 * n).all(2))[:, 1].min()) for n in range(1, 6)]
    assert left[0] == left[3] < left[1] == left[4] < left[2]
    with pytest.raises(ValueError, match="nothing to show"):
        contact_sheet([], [])


def test_the_map_has_a_centre_for_each_person_and_none_for_nobody() -> None:
    generator = np.random.default_rng(0)
    pids = np.array([3, 3, 3, 7, 7, 7, -1, -1])
    features = generator.normal(size=(8, 5)).astype(np.float32)
    features[:3] += 20 * np.eye(5)[0]
    features[3:6] += 20 * np.eye(5)[1]
    figure = plot_embeddings(features, pids, method="pca")
    [axes] = figure.axes
    assert {text.get_text() for text in axes.texts} == {"3", "7"}
    assert "8 images of 2 people" in axes.get_title(loc="left")
    diamonds = [c.get_offsets()[0] for c in axes.collections if len(c.get_offsets()) == 1]
    dots = [c.get_offsets() for c in axes.collections if len(c.get_offsets()) == 3]
    assert len(diamonds) == len(dots) == 2
    for diamond, own in zip(diamonds, dots, strict=True):
        np.testing.assert_allclose(diamond, own.mean(0), atol=0.03)
    with pytest.raises(ValueError, match="8 embeddings came with 7 pids"):
        plot_embeddings(features, pids[:7])


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    folder.mkdir()
    for pid in (1, 2, 3):
        for shot in range(3):
            pixels = np.random.default_rng(pid).integers(0, 256, (64, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{pid:04d}_c{shot + 1}.png")
    return folder


def run(*arguments: object) -> tuple[int, str]:
    """The exit code that the script would have, and what it says."""
    result = CliRunner().invoke(app, ["visualize", *map(str, arguments)])
    if isinstance(result.exception, ValueError):
        return 2, str(result.exception)
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("timm:resnet10t", "gradcam"),
        ("timm:test_vit", "gradcam"),
        ("timm:test_vit", "attention"),
        ("timm:test_vit", "occlusion"),
        ("timm:resnet10t", "embedding"),
    ],
)
def test_every_kind_is_drawn(
    people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, kind: str
) -> None:
    torch.manual_seed(0)
    save_model(create_model(name, image_size=SIZE), tmp_path / "model")
    out = tmp_path / "new" / "picture.png"
    code, said = run(
        *("--model", tmp_path / "model", "--images", people, "--kind", kind, "--out", out),
        *("--device", "cpu"),
    )
    assert code == 0, said
    assert ("4 x 2 places; --kind occlusion" in caplog.text) is (kind == "gradcam")
    with Image.open(out) as picture:
        assert min(picture.size) > 200
        assert len(np.unique(np.asarray(picture.convert("L")))) > 50
    assert [path.name for path in out.parent.iterdir()] == ["picture.png"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--out": "picture.jpg"}, "ends in .png"),
        ({"--images": "/nowhere"}, "/nowhere"),
        ({"--model": "/nowhere"}, "no checkpoint"),
        ({"--kind": "attention"}, "resnet10t has no attention between all places"),
    ],
)
def test_bad_input_is_refused(
    people: Path, tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    save_model(create_model("timm:resnet10t", image_size=SIZE), tmp_path / "model")
    options = {"--model": tmp_path / "model", "--images": people, "--kind": "gradcam"}
    options |= {"--out": tmp_path / "picture.png", "--device": "cpu"}
    code, said = run(*(word for pair in (options | changed).items() for word in pair))
    assert code == 2
    assert message in said
    assert not list(tmp_path.glob("*.png"))


def test_a_missing_extra_is_named(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, said = run(
        *("--model", tmp_path, "--images", people, "--kind", "embedding"),
        *("--out", tmp_path / "p.png"),
    )
    assert code == 2
    assert "pip install 'reid-core[plots]'" in said
