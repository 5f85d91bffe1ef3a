"""People in frames, for any detector or tracker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from reid_eval import embed_boxes, embed_detections


@pytest.fixture
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)


def by_hand(crop: np.ndarray) -> np.ndarray:
    """What the tiny model makes of a crop of its own size."""
    return (
        crop.astype(float).reshape(4, 8, 2, 8, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel() - 100
    )


def test_each_box_is_embedded_in_order(pixels: Any, frame: np.ndarray) -> None:
    boxes = [[10, 20, 26, 52], [100, 80, 116, 112], [0, 0, 16, 32]]
    found = embed_boxes(pixels, frame, boxes, batch_size=2)
    for row, (left, top, right, bottom) in zip(found, boxes, strict=True):
        np.testing.assert_allclose(row, by_hand(frame[top:bottom, left:right]), atol=1e-3)


def test_boxes_are_cut_at_the_border_and_rounded_outwards(pixels: Any, frame: np.ndarray) -> None:
    found = embed_boxes(pixels, frame, [[-5.5, -3, 15.2, 31.5]])
    np.testing.assert_allclose(found[0], by_hand(frame[:32, :16]), atol=1e-3)


def test_opencv_frames_are_turned(pixels: Any, frame: np.ndarray) -> None:
    box = [[10, 20, 26, 52]]
    turned = embed_boxes(pixels, np.ascontiguousarray(frame[..., ::-1]), box, channels="bgr")
    np.testing.assert_array_equal(turned, embed_boxes(pixels, frame, box))


def test_no_box_gives_no_row(pixels: Any, frame: np.ndarray) -> None:
    assert embed_boxes(pixels, frame, np.empty((0, 4))).shape == (0, 24)


def test_detections_as_supervision_has_them(pixels: Any, frame: np.ndarray) -> None:
    class Detections:
        xyxy = np.array([[10, 20, 26, 52]], np.float32)

    found = embed_detections(pixels, frame, Detections())
    np.testing.assert_array_equal(found, embed_boxes(pixels, frame[..., ::-1], Detections.xyxy))


def test_a_box_is_resized_as_an_image_is(pixels: Any, frame: np.ndarray, tmp_path: Any) -> None:
    from reid_data import from_images
    from reid_eval import embed

    cut = frame[10:100, 20:90]
    (tmp_path / "people").mkdir()
    Image.fromarray(cut).save(tmp_path / "people" / "0001_c1s1_000001.png")
    whole = embed(pixels, from_images(tmp_path / "people"), workers=0).features
    np.testing.assert_array_equal(embed_boxes(pixels, frame, [[20, 10, 90, 100]]), whole)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[5, 5, 5, 20]], "box 0 .* shows nothing of a frame of 160 x 120"),
        ([[1, 1, 20, 20], [170, 0, 190, 30]], "box 1"),
        ([[1, 1, float("nan"), 20]], "box 0 is not finite"),
    ],
)
def test_boxes_that_show_nothing_are_refused(
    pixels: Any, frame: np.ndarray, boxes: list[list[float]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        embed_boxes(pixels, frame, boxes)


def test_a_frame_of_another_kind_is_refused(pixels: Any, frame: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected a uint8 frame \(H, W, 3\), got float64"):
        embed_boxes(pixels, frame.astype(float), [[0, 0, 5, 5]])
