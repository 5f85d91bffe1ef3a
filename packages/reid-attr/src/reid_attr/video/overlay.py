"""Boxes and labels drawn over frames, without a display."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reid_attr.video.crops import seen_edges
from reid_attr.video.detections import Boxes
from reid_attr.video.placing import place_labels
from reid_data.images import Pixels

__all__ = ["Caption", "Overlay", "colour_of", "label"]

_PAPER, _INK = (16, 18, 22), (240, 242, 245)
_OPACITY = 180  # of 255
_SMALLEST = 11  # pixels of a line's letters
_LETTERS = 30  # about so many fit into a line
_MARGIN = 3
_GOLDEN = 0.618034  # turns hues so that neighbours differ


@dataclass(frozen=True)
class Caption:
    """What is written at one person.

    Attributes:
        track: its number.
        phrases: what is said.
    """

    track: int
    phrases: tuple[str, ...]


class Overlay:
    """Draws on the frames of one clip; remembers where labels were, so that they do not dance."""

    def __init__(self) -> None:
        self._sides: dict[int, int] = {}

    def draw(self, image: Pixels, boxes: Boxes, captions: Sequence[Caption]) -> Pixels:
        """The frame with a box and a label for each person.

        Nothing is drawn outside of the frame: boxes end at its border, and labels are moved into it
        and, where it is too small for them, cut off.

        Args:
            image: ``(H, W, 3)``, left as it is.
            boxes: ``(N, 4)``.
            captions: N.
        """
        drawn = image.copy()
        height, width = image.shape[:2]
        edges = seen_edges(boxes, image.shape)
        letters = max(_SMALLEST, round(height / 45))
        panels = [label(each, letters=letters)[:height, :width] for each in captions]
        for box, caption in zip(edges.tolist(), captions, strict=True):
            _rectangle(drawn, box, colour_of(caption.track), thick=max(1, letters // 7))
        before = [self._sides.get(each.track) for each in captions]
        sizes = [(panel.shape[1], panel.shape[0]) for panel in panels]
        places, sides = place_labels(edges, sizes, (height, width), before=before)
        for (left, top), panel in zip(places, panels, strict=True):
            _paste(drawn[top : top + panel.shape[0], left : left + panel.shape[1]], panel)
        self._sides = {each.track: side for each, side in zip(captions, sides, strict=True)}
        return drawn


def colour_of(track: int) -> tuple[int, int, int]:
    """A colour for a track, bright on dark and dark on bright; neighbours differ.

    Examples:
        >>> colour_of(1) != colour_of(2)
        True
    """
    red, green, blue = colorsys.hls_to_rgb(track * _GOLDEN % 1, 0.6, 0.9)
    return round(255 * red), round(255 * green), round(255 * blue)


@lru_cache(maxsize=1024)
def label(caption: Caption, *, letters: int) -> NDArray[np.uint8]:
    """The label of one person ``(h, w, 4)``: RGB and opacity. Rendered once, as text is slow."""
    font = ImageFont.load_default(size=letters)
    title = f"#{caption.track} "
    lines = _lines(title, caption.phrases)
    gap = letters + max(2, letters // 4)
    width = 2 * _MARGIN + max(int(font.getlength(line)) + 1 for line in lines)
    picture = Image.new("RGBA", (width, 2 * _MARGIN + gap * len(lines)), (*_PAPER, _OPACITY))
    pen = ImageDraw.Draw(picture)
    pen.text((_MARGIN, _MARGIN - 1), title, fill=(*colour_of(caption.track), 255), font=font)
    for number, line in enumerate(lines):
        left, text = (0.0, line) if number else (font.getlength(title), line.removeprefix(title))
        pen.text((_MARGIN + left, _MARGIN + number * gap - 1), text, fill=(*_INK, 255), font=font)
    return np.asarray(picture)


def _lines(title: str, phrases: Sequence[str]) -> list[str]:
    """The title, and phrases one after another, as many as fit into a line."""
    lines = [title + (phrases[0] if phrases else "")]
    for phrase in phrases[1:]:
        if len(lines[-1]) + 2 + len(phrase) <= _LETTERS:
            lines[-1] += f", {phrase}"
        else:
            lines.append(phrase)
    return lines


def _rectangle(
    image: Pixels, box: Sequence[int], colour: tuple[int, int, int], *, thick: int
) -> None:
    left, top, right, bottom = box
    inside = image[top:bottom, left:right]
    for part in (inside[:thick], inside[-thick:], inside[:, :thick], inside[:, -thick:]):
        part[:] = colour


def _paste(below: Pixels, panel: NDArray[np.uint8]) -> None:
    opacity = panel[..., 3:].astype(np.uint16)
    mixed = panel[..., :3] * opacity + below * (255 - opacity)
    below[:] = (mixed // 255).astype(np.uint8)
