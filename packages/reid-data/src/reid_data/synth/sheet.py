"""A contact sheet: what synthetic people look like, and what is known of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .crops import Crop
from .difficulty import Difficulty
from .parts import Part
from .plan import Shot
from .studio import Studio, open_studio

__all__ = ["contact_sheet"]

_CAMERAS = 6
_MARGIN, _LABEL = 2, 14
"""Pixels between crops, and of the line above each row."""

_ImageArray = npt.NDArray[np.uint8]


def contact_sheet(
    *, seed: int = 0, columns: int = 12, height: int = 128, width: int = 64
) -> _ImageArray:
    """Rows of crops: people as they come, then a row for each thing that can be asked for.

    Args:
        seed: seed of people and cameras.
        columns: crops in a row, at least 1.
        height: of a crop in pixels.
        width: of a crop in pixels.

    Returns:
        (H, W, 3) uint8 RGB.
    """

    def studio(difficulty: Difficulty) -> Studio:
        return open_studio(
            cameras=_CAMERAS, seed=seed, height=height, width=width, difficulty=difficulty
        )

    usual = studio(Difficulty())
    walk = Shot("train", 3, camid=2, index=0, frame=0, tracklet=0)
    one = [
        Shot("train", 1, column % _CAMERAS + 1, column // _CAMERAS, frame=0)
        for column in range(columns)
    ]
    people = [replace(shot, pid=1 + column) for column, shot in enumerate(one)]
    dressed = [replace(shot, pid=2, outfit=column // 2) for column, shot in enumerate(one)]
    crops = [usual.draw(shot) for shot in people]
    rows = {
        "people, each in one of six cameras": [crop.image for crop in crops],
        "their parsing maps and keypoints": [_truth(crop) for crop in crops],
        "one person in six cameras": [usual.draw(shot).image for shot in one],
        "one person in several outfits": [usual.draw(shot).image for shot in dressed],
        "one walk, every second frame": [
            usual.draw(replace(walk, step=2 * step)).image for step in range(columns)
        ],
    }
    harder = {
        "occlusion = 1": Difficulty(occlusion=1.0),
        "resolution = (2, 5)": Difficulty(resolution=(2.0, 5.0)),
        "camera_shift = 2.5": Difficulty(camera_shift=2.5),
    }
    for label, difficulty in harder.items():
        rows[label] = [studio(difficulty).draw(shot).image for shot in people]
    return np.concatenate([_row(label, images) for label, images in rows.items()])


def _truth(crop: Crop) -> _ImageArray:
    """A colour for each part, and a dot for each keypoint."""
    hues = np.arange(len(Part)) * 0.618 % 1.0
    phases = 2 * np.pi * (hues[:, None] - np.arange(3) / 3)
    colours = (127.5 + 100.0 * np.cos(phases)).astype(np.uint8)
    colours[Part.BACKGROUND] = 24
    image = colours[crop.parsing]
    columns, rows = np.rint(crop.keypoints.T - 0.5).astype(int)
    inside = (rows >= 0) & (rows < image.shape[0]) & (columns >= 0) & (columns < image.shape[1])
    image[rows[inside], columns[inside]] = 255
    return image


def _row(label: str, images: list[_ImageArray]) -> _ImageArray:
    """A line of text above crops side by side."""
    from PIL import Image, ImageDraw

    gap = ((0, _MARGIN), (0, _MARGIN), (0, 0))
    crops = np.concatenate([np.pad(image, gap, constant_values=255) for image in images], axis=1)
    title = Image.new("RGB", (crops.shape[1], _LABEL), "white")
    ImageDraw.Draw(title).text((2, 1), label, fill="black")
    return np.concatenate([np.asarray(title), crops])
