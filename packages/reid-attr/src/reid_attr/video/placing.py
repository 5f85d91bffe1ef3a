"""Where the labels of people go: beside them, within the frame, and out of each other's way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Place", "place_labels"]

Place = tuple[int, int]
"""Column and row of a label's left upper corner."""

_GAP = 2
_OVER_LABEL, _OVER_PERSON, _FAR = 12.0, 3.0, 2.0
"""What it costs to cover a whole label, a whole person, and to be a frame's height away."""
_MOVED = 0.25  # what it costs to change the side from frame to frame

_Edges = tuple[int, int, int, int]


def place_labels(
    boxes: NDArray[np.int64],
    sizes: Sequence[tuple[int, int]],
    frame: tuple[int, int],
    *,
    before: Sequence[int | None] | None = None,
) -> tuple[list[Place], list[int]]:
    """Choose a place for the label of each box.

    Of six places at a box (beside its upper and its lower corners, above, below) that is taken
    where the label, moved into the frame, covers the least of labels placed before and of people,
    and is not far from the person; that of the frame before has a small advantage, so that labels
    do not dance.

    Args:
        boxes: ``(N, 4)`` left, top, right, bottom in pixels, within the frame.
        sizes: width and height of each label, not larger than the frame.
        frame: height and width.
        before: which of the six each label had in the frame before, if it was there.

    Returns:
        Places, and which of the six each is, in the order of the boxes. Every label lies within the
        frame.
    """
    places: list[Place] = []
    sides: list[int] = []
    taken: list[_Edges] = []
    people = [(left, top, right, bottom) for left, top, right, bottom in boxes.tolist()]
    for at, (box, size) in enumerate(zip(people, sizes, strict=True)):
        former = None if before is None else before[at]
        choices = [_within(spot, size, frame) for spot in _beside(box, size)]
        costs = [
            _cost(_edges(spot, size), box, taken, people, frame[0])
            + _MOVED * (former not in (None, side))
            + 1e-3 * side
            for side, spot in enumerate(choices)
        ]
        side = int(np.argmin(costs))
        places.append(choices[side])
        sides.append(side)
        taken.append(_edges(choices[side], size))
    return places, sides


def _cost(
    label: _Edges, box: _Edges, taken: Sequence[_Edges], people: Sequence[_Edges], height: int
) -> float:
    over_labels = sum(_common(label, other) / _area(other) for other in taken)
    over_people = sum(_common(label, other) / _area(other) for other in people)
    apart = (label[0] - box[2], box[0] - label[2], label[1] - box[3], box[1] - label[3])
    away = max(*apart, _GAP) - _GAP
    return _OVER_LABEL * over_labels + _OVER_PERSON * over_people + _FAR * away / height


def _beside(box: _Edges, size: tuple[int, int]) -> list[Place]:
    left, top, right, bottom = box
    width, height = size
    return [
        (right + _GAP, top),
        (left - width - _GAP, top),
        (left, top - height - _GAP),
        (left, bottom + _GAP),
        (right + _GAP, bottom - height),
        (left - width - _GAP, bottom - height),
    ]


def _within(spot: Place, size: tuple[int, int], frame: tuple[int, int]) -> Place:
    column = max(min(spot[0], frame[1] - size[0]), 0)
    return column, max(min(spot[1], frame[0] - size[1]), 0)


def _edges(spot: Place, size: tuple[int, int]) -> _Edges:
    return (*spot, spot[0] + size[0], spot[1] + size[1])


def _area(one: _Edges) -> int:
    return max((one[2] - one[0]) * (one[3] - one[1]), 1)


def _common(one: _Edges, two: _Edges) -> int:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(width, 0) * max(height, 0)
