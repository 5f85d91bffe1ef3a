"""Test-time views: what each shows of an image, and that they are averaged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reid_eval import Views


def ramp(height: int = 32, width: int = 16) -> torch.Tensor:
    """An image whose red is its row, whose green is its column."""
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([4 * rows, 8 * columns, np.full_like(rows, 50)])
    return torch.from_numpy(pixels.astype(np.uint8))[None]


def test_alone_the_image_is_its_only_view() -> None:
    (view,) = Views().of(ramp())
    assert torch.equal(view, ramp())
    assert Views().names == []


def test_every_view_has_a_mirror_image() -> None:
    views = list(Views(flip=True, scales=(1.0, 1.5), five_crops=True).of(ramp()))
    assert len(views) == len(Views(flip=True, scales=(1.0, 1.5), five_crops=True).names) == 14
    for view, mirrored in zip(views[::2], views[1::2], strict=True):
        assert torch.equal(view.flip(-1), mirrored)


def test_enlarged_shows_the_middle() -> None:
    (view,) = Views(scales=(2.0,)).of(ramp())
    # Rows 8 to 24 of the ramp, at twice their size; 4 grey values a row.
    assert view.shape == (1, 3, 32, 16)
    assert abs(int(view[0, 0, 0, 8]) - 4 * 8) <= 2
    assert abs(int(view[0, 0, -1, 8]) - 4 * 23) <= 3


def test_reduced_shows_all_on_grey() -> None:
    (view,) = Views(scales=(0.5,)).of(ramp())
    assert (view[0, :, :8] == 128).all()
    assert (view[0, :, :, :4] == 128).all()
    assert abs(int(view[0, 0, 8, 8]) - 2) <= 4
    assert abs(int(view[0, 0, 23, 8]) - 4 * 30) <= 4


def test_crops_lie_in_the_corners_and_the_middle() -> None:
    crops = list(Views(scales=(1.0,), five_crops=True, crop_scale=2.0).of(ramp()))[1:]
    middles = [(int(crop[0, 0, 16, 8]) / 4, int(crop[0, 1, 16, 8]) / 8) for crop in crops]
    expected = [(8, 4), (8, 12), (24, 4), (24, 12), (16, 8)]
    np.testing.assert_allclose(middles, expected, atol=1)


def test_embeddings_are_averaged() -> None:
    views = Views(flip=True, scales=(1.0, 1.25))

    def left_half(images: torch.Tensor) -> torch.Tensor:
        return images[..., :8].float().mean(dim=(2, 3))

    expected = torch.stack([left_half(view) for view in views.of(ramp())]).mean(dim=0)
    torch.testing.assert_close(views.embed(left_half, ramp()), expected)


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    scale=st.floats(0.1, 4),
    flat=st.integers(0, 255),
)
def test_any_size_keeps_its_shape_and_a_flat_image_its_colour(
    height: int, width: int, scale: float, flat: int
) -> None:
    image = torch.full((2, 3, height, width), flat, dtype=torch.uint8)
    (view,) = Views(scales=(scale,)).of(image)
    assert view.shape == image.shape
    assert view.dtype == torch.uint8
    assert set(view.unique().tolist()) <= {flat, 128}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scales": ()}, "scales must be one or more numbers"),
        ({"scales": (1.0, -1.0)}, "scales must be"),
        ({"crop_scale": 1.0}, "crop_scale must be more than 1"),
    ],
)
def test_impossible_views_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Views(**settings)  # type: ignore[arg-type]
