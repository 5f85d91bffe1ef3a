"""Where the labels of people go: beside them, within the frame, and out of each other's way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Place", "place_labels"]

Place = tuple[int, int]
"""Column and row of a label's left upper corner."""

_GAP = 2
_OVER_LABEL, _OVER_PERSON, _FAR = 4.0, 1.0, 0.5  # what covering and distance cost, in label areas
_MOVED = 0.25  # what it costs to change the side from frame to frame


def place_labels(
    boxes: NDArray[np.int64],
    sizes: Sequence[tuple[int, int]],
    frame: tuple[int, int],
    *,
    before: Sequence[int | None] | None = None,
) -> tuple[list[Place], list[int]]:
    """Choose a place for the label of each box.

    Of the four sides of a box (right, left, above, below) that is taken where the label, moved into
    the frame, covers the least of labels placed before and of people, and is not far from the
    person; the side of the frame before has a small advantage, so that labels do not dance.

    Args:
        boxes: ``(N, 4)`` left, top, right, bottom in pixels, within the frame.
        sizes: width and height of each label, not larger than the frame.
        frame: height and width.
        before: side of each label in the frame before, if it was there.

    Returns:
        Places and sides, in the order of the boxes. Every label lies within the frame.
    """
    places: list[Place] = []
    sides: list[int] = []
    taken: list[tuple[int, int, int, int]] = []
    people = [tuple(row) for row in boxes.tolist()]
    for at, (box, size) in enumerate(zip(people, sizes, strict=True)):
        former = before[at] if before is not None else None
        costs = []
        choices = [_within(spot, size, frame) for spot in _beside(box, size)]
        for side, spot in enumerate(choices):
            label = (*spot, spot[0] + size[0], spot[1] + size[1])
            area = max(size[0] * size[1], 1)
            cost = _OVER_LABEL * sum(_common(label, other) for other in taken) / area
            cost += _OVER_PERSON * sum(_common(label, other) for other in people) / area
            cost += _FAR * _common(label, box) / area
            costs.append(cost + (_MOVED if former not in (None, side) else 0) + side * 1e-3)
        side = int(np.argmin(costs))
        spot = choices[side]
        places.append(spot)
        sides.append(side)
        taken.append((*spot, spot[0] + size[0], spot[1] + size[1]))
    return places, sides


def _beside(box: tuple[int, ...], size: tuple[int, int]) -> list[Place]:
    left, top, right, bottom = box
    width, height = size
    return [
        (right + _GAP, top),
        (left - width - _GAP, top),
        (left, top - height - _GAP),
        (left, bottom + _GAP),
    ]


def _within(spot: Place, size: tuple[int, int], frame: tuple[int, int]) -> Place:
    column = max(min(spot[0], frame[1] - size[0]), 0)
    return column, max(min(spot[1], frame[0] - size[1]), 0)


def _common(one: tuple[int, ...], two: tuple[int, ...]) -> int:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(width, 0) * max(height, 0)
