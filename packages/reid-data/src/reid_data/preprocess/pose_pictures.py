"""Looking at poses: skeletons over images, and the curve that shows when clusters are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from reid_data.images import Pixels
from reid_data.preprocess.pose_clusters import knee
from reid_data.preprocess.poses import JOINT_NAMES, LIMBS, Joints, Layout

__all__ = ["draw_pose", "knee_svg"]

Colour = tuple[int, int, int]

_LEFT, _RIGHT, _MIDDLE = (230, 60, 40), (40, 120, 230), (240, 200, 40)
_CURVES = ("#d1495b", "#00798c", "#edae49", "#30638e", "#66a182", "#7b2d8b")
_WIDTH, _HEIGHT, _MARGIN = 640, 400, 50


def draw_pose(image: Pixels, joints: Joints, *, layout: Layout, scale: int = 1) -> Pixels:
    """Draw a skeleton over an image: left red, right blue, the middle yellow.

    Args:
        image: ``(H, W, 3)``, uint8.
        joints: ``(J, 2)``; missing joints and their limbs are left out.
        layout: their order.
        scale: enlarge the image so many times first, for small crops.

    Returns:
        A new image ``(H * scale, W * scale, 3)``.
    """
    height, width = image.shape[:2]
    picture = Image.fromarray(image).resize((width * scale, height * scale))
    pen = ImageDraw.Draw(picture)
    points = (joints + 0.5) * scale
    names = JOINT_NAMES[layout]
    thickness = max(round(min(picture.size) / 48), 1)
    for start, end in LIMBS[layout]:
        line = points[[start, end]]
        if not np.isnan(line).any():
            colour = _colour(names[start], names[end])
            pen.line([tuple(point) for point in line.tolist()], fill=colour, width=thickness)
    for name, (x, y) in zip(names, points.tolist(), strict=True):
        if not np.isnan([x, y]).any():
            box = (x - thickness, y - thickness, x + thickness, y + thickness)
            pen.ellipse(box, fill=_colour(name, name))
    return np.array(picture)


def knee_svg(curves: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Inertia over the number of clusters, each family scaled to its first value, its knee marked.

    Args:
        curves: for each family, numbers of clusters and inertias, ascending.

    Returns:
        An SVG picture.
    """
    counts = sorted({count for curve in curves.values() for count, _ in curve})
    span = max(counts[-1] - counts[0], 1)

    def place(count: int, share: float) -> str:
        x = _MARGIN + (count - counts[0]) / span * (_WIDTH - 2 * _MARGIN)
        return f"{x:.1f},{_HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        "<style>text {font: 12px sans-serif}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_MARGIN}" y="20">inertia relative to the fewest clusters; rings: knees</text>',
    ]
    for count in counts:
        x, y = place(count, 0).split(",")
        parts.append(f'<text x="{x}" y="{float(y) + 18}" text-anchor="middle">{count}</text>')
    for row, (name, curve) in enumerate(curves.items()):
        colour = _CURVES[row % len(_CURVES)]
        numbers, inertias = zip(*curve, strict=True)
        shares = [inertia / (inertias[0] or 1) for inertia in inertias]
        points = " ".join(place(*point) for point in zip(numbers, shares, strict=True))
        best = knee(numbers, inertias)
        x, y = place(best, shares[numbers.index(best)]).split(",")
        label = f"{name} (knee {best})"
        parts += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<circle cx="{x}" cy="{y}" r="6" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{_WIDTH - 130}" y="{40 + 16 * row}" fill="{colour}">{label}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _colour(start: str, end: str) -> Colour:
    for side, colour in (("left", _LEFT), ("right", _RIGHT)):
        if start.startswith(side) and end.startswith(side):
            return colour
    return _MIDDLE
