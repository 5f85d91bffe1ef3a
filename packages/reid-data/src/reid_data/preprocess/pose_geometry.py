"""What of a pose is compared: lengths, angles and coordinates, in six families of vectors.

``R_`` families measure joints on the image resized to 384 x 192, ``N_`` families on one of size
1 x 1. ``LA`` holds the lengths and angles of 13 edges, ``LAC`` the 17 coordinates, lengths and
angles, ``A`` the angles. The published list has 15 edges, two of which use a joint that does not
exist.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from reid_data.preprocess.poses import Joints

__all__ = ["EDGES", "FAMILIES", "Family", "Form", "Vectors", "blocks", "pose_vectors"]

Family = Literal["R_LA", "R_LAC", "R_A", "N_LA", "N_LAC", "N_A"]

FAMILIES: tuple[Family, ...] = get_args(Family)

Form = Literal["unit", "degrees"]
"""How an angle enters. ``unit``: as the cosine and sine of its direction, so that 179 and -179
degrees are neighbours. ``degrees``: as published, raw, and joints of ``R_`` cut to whole pixels."""

Vectors = npt.NDArray[np.float64]
"""One row a pose, ``(N, D)``; NaN throughout where a joint is missing."""

EDGES = (
    (0, 1), (0, 2), (1, 3), (2, 4),
    (5, 6), (5, 7), (7, 9), (6, 8), (8, 10),
    (11, 13), (12, 14), (13, 15), (14, 16),
)  # fmt: skip
"""Pairs of COCO joints: nose and eyes, ears, shoulders, arms, legs."""

_CANVAS = (384, 192)


def pose_vectors(
    joints: Joints, sizes: npt.ArrayLike, *, family: Family, form: Form = "unit"
) -> Vectors:
    """Vectors of poses.

    The published ``N_`` vectors cut normalised coordinates to whole numbers and so are nearly all
    zero; these are not cut.

    Args:
        joints: ``(N, 17, 2)`` in COCO's order, in pixels of the image.
        sizes: heights and widths of the images, ``(N, 2)`` or ``(2,)``.
        family: what is compared.
        form: how angles enter.

    Returns:
        ``(N, D)`` in the order coordinates, lengths, angles; D of LA, LAC, A is 39, 73, 26 for
        ``unit`` and 26, 60, 13 for ``degrees``. An edge of no length has the direction (0, 0), or
        0 degrees.

    Raises:
        ValueError: the joints are not COCO's, or the family or form is unknown.
    """
    if joints.ndim != 3 or joints.shape[1:] != (17, 2):
        raise ValueError(f"expected joints (N, 17, 2) in COCO's order, came {joints.shape}")
    if family not in FAMILIES or form not in get_args(Form):
        raise ValueError(
            f"family must be one of {', '.join(FAMILIES)} and form unit or degrees, came "
            f"{family!r} and {form!r}"
        )
    placed = (
        joints
        / np.broadcast_to(np.asarray(sizes, dtype=np.float64), (len(joints), 2))[:, None, ::-1]
    )
    if family.startswith("R"):
        placed = placed * np.array(_CANVAS[::-1])
        if form == "degrees":
            placed = np.trunc(placed)
    starts, ends = np.array(EDGES).T
    edges = placed[:, starts] - placed[:, ends]
    lengths = np.hypot(edges[..., 0], edges[..., 1])
    parts = {"C": placed.reshape(len(placed), 34), "L": lengths, "A": _angles(edges, lengths, form)}
    vectors = np.concatenate([parts[block] for block in blocks(family, form=form)], axis=1)
    vectors[np.isnan(placed).any(axis=(1, 2))] = np.nan
    return vectors


def blocks(family: Family, *, form: Form) -> dict[str, slice]:
    """Where coordinates (C), lengths (L) and angles (A) stand in a vector, in their order.

    Examples:
        >>> blocks("R_LA", form="degrees")
        {'L': slice(0, 13, None), 'A': slice(13, 26, None)}
    """
    widths = {"C": 34, "L": len(EDGES), "A": len(EDGES) * (2 if form == "unit" else 1)}
    found, start = {}, 0
    for block in (name for name in "CLA" if name in family.partition("_")[2]):
        found[block] = slice(start, start + widths[block])
        start += widths[block]
    return found


def _angles(edges: Vectors, lengths: Vectors, form: Form) -> Vectors:
    if form == "degrees":
        return np.rad2deg(np.arctan2(edges[..., 1], edges[..., 0]))
    directions = edges / np.where(lengths > 0, lengths, 1)[..., None]
    return directions.reshape(len(edges), 2 * len(EDGES))
