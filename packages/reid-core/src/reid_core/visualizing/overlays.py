"""Heat over images, and many images on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reid_data.console import require
from reid_data.images import Pixels, resize

__all__ = ["contact_sheet", "overlay"]

_STRONGEST = 0.78
"""Share of the colour where the heat is highest."""
_HEIGHT, _GAP, _MARGIN, _CAPTION = 192, 2, 14, 18
_INK, _PAPER = (92, 102, 114), 255


def overlay(image: Pixels, heat: NDArray[np.float32]) -> Pixels:
    """Colour an image by heat; cold places keep their own look, only darker.

    Args:
        image: uint8 RGB (H, W, 3).
        heat: (h, w) in [0, 1], of any size; enlarged smoothly.

    Returns:
        uint8 RGB (H, W, 3).

    Raises:
        ValueError: the heat is no map, or not in [0, 1].
        MissingExtraError: matplotlib is not installed.
    """
    if heat.ndim != 2 or not (heat.min() >= 0 and heat.max() <= 1):
        raise ValueError(f"expected heat (h, w) in [0, 1], came {heat.shape}")
    size = image.shape[1], image.shape[0]
    enlarged = Image.fromarray(heat.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    strength = np.clip(np.asarray(enlarged), 0, 1)
    colours = _palette()[(strength * 255).astype(np.uint8)]
    # Half-warm places are large and would hide the image.
    share = (_STRONGEST * strength**1.5)[..., None]
    mixed: NDArray[np.float64] = (1 - share) * (0.8 * image) + share * colours
    found: Pixels = mixed.round().astype(np.uint8)
    return found


def contact_sheet(
    tiles: Sequence[Sequence[Pixels]], captions: Sequence[str], *, columns: int = 8
) -> Pixels:
    """Groups of images side by side, a caption under each group, in rows.

    Args:
        tiles: images of one size, uint8 RGB (H, W, 3), as many in each group.
        captions: one of each group.
        columns: groups in a row.

    Returns:
        uint8 RGB (H, W, 3).

    Raises:
        ValueError: there is nothing to show.
    """
    if not tiles:
        raise ValueError("nothing to show: no images")
    height, width = tiles[0][0].shape[:2]
    size = (_HEIGHT, max(1, round(width * _HEIGHT / height)))
    group = len(tiles[0]) * (size[1] + _GAP) - _GAP
    across = min(columns, len(tiles))
    down = -(-len(tiles) // across)
    shape = (
        _MARGIN + down * (_HEIGHT + _CAPTION + _MARGIN),
        _MARGIN + across * (group + _MARGIN),
        3,
    )
    sheet = np.full(shape, _PAPER, np.uint8)
    places = []
    for number, images in enumerate(tiles):
        top = _MARGIN + number // across * (_HEIGHT + _CAPTION + _MARGIN)
        left = _MARGIN + number % across * (group + _MARGIN)
        places.append((left, top + _HEIGHT + 3))
        for step, image in enumerate(images):
            start = left + step * (size[1] + _GAP)
            sheet[top : top + _HEIGHT, start : start + size[1]] = resize(image, size)
    drawing = Image.fromarray(sheet)
    pen, font = ImageDraw.Draw(drawing), ImageFont.load_default(size=12)
    for place, caption in zip(places, captions, strict=True):
        pen.text(place, _fitting(caption, font, group), fill=_INK, font=font)
    return np.asarray(drawing)


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2] + "…"
    return text


@lru_cache(maxsize=1)
def _palette() -> NDArray[np.uint8]:
    """256 colours (256, 3) from cold to hot."""
    require("matplotlib", extra="reid-core[plots]", for_what="a picture")
    from matplotlib import colormaps

    colours: NDArray[np.uint8] = colormaps["turbo"](np.arange(256), bytes=True)[:, :3]
    return colours
