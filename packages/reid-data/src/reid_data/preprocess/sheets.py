"""Contact sheets: rows of small pictures, to judge pose clusters and recolouring by eye."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from reid_data.images import Pixels
from reid_data.preprocess.pose_clusters import PoseClusters
from reid_data.preprocess.pose_pictures import draw_pose
from reid_data.preprocess.poses import Poses

__all__ = ["contact_sheet", "pose_sheet"]

_MARGIN, _LABEL = 2, 14
_GROUND = 255


def contact_sheet(rows: Sequence[tuple[str, Sequence[Pixels]]], *, height: int = 128) -> Pixels:
    """Pictures in labelled rows, all of one height and as wide as their form asks.

    Args:
        rows: a line of text and the pictures below it, ``(H, W, 3)`` each, of any size.
        height: of each picture on the sheet, in pixels.

    Returns:
        ``(H, W, 3)`` uint8.

    Raises:
        ValueError: there is no picture.

    Examples:
        >>> grey = np.full((64, 32, 3), 128, np.uint8)
        >>> contact_sheet([("two", [grey, grey]), ("one", [grey])], height=64).shape
        (160, 68, 3)
    """
    strips = [_strip([_resized(image, height) for image in images]) for _, images in rows if images]
    if not strips:
        raise ValueError("expected pictures for a contact sheet, came none")
    labels = [text for text, images in rows if images]
    width = max(strip.shape[1] for strip in strips)
    parts = []
    for text, strip in zip(labels, strips, strict=True):
        title = Image.new("RGB", (width, _LABEL), "white")
        ImageDraw.Draw(title).text((_MARGIN, 1), text, fill="black")
        wide = ((0, 0), (0, width - strip.shape[1]), (0, 0))
        parts += [np.asarray(title), np.pad(strip, wide, constant_values=_GROUND)]
    return np.concatenate(parts)


def pose_sheet(
    clusters: PoseClusters,
    poses: Poses,
    *,
    read: Callable[[str], Pixels],
    columns: int = 8,
    height: int = 128,
) -> Pixels:
    """The images of each cluster with their skeletons, a row a cluster.

    From the cluster's middle (left) to its rim (right), in even steps of rank, so that a row shows
    what the cluster means and where it ends. What has no pose is the last row.

    Args:
        clusters: which.
        poses: of images, with sizes.
        read: gives the pixels of an image by the name of its pose.
        columns: images of each cluster.
        height: of each image on the sheet.

    Raises:
        ValueError: there is no pose, or the image sizes are unknown.
    """
    labels, distances = clusters.place(poses)
    rows = []
    for label in (*range(1, len(clusters.centres) + 1), 0):
        members = np.flatnonzero(labels == label)
        if not len(members):
            continue
        ordered = members[np.argsort(distances[members], kind="stable")]
        chosen = ordered[np.unique(np.linspace(0, len(ordered) - 1, columns).round().astype(int))]
        name = f"{clusters.name}: {label}" if label else f"{clusters.name}: 0, joints missing"
        rows.append(
            (
                f"{name} ({len(members)} images)",
                [_drawn(poses, row, read, height) for row in chosen],
            )
        )
    return contact_sheet(rows, height=height)


def _drawn(poses: Poses, row: int, read: Callable[[str], Pixels], height: int) -> Pixels:
    image = read(poses.names[row])
    scale = max(round(height / image.shape[0]), 1)
    return draw_pose(image, poses.joints[row], layout=poses.layout, scale=scale)


def _resized(image: Pixels, height: int) -> Pixels:
    if image.shape[0] == height:
        return image
    width = max(round(image.shape[1] * height / image.shape[0]), 1)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def _strip(images: Sequence[Pixels]) -> Pixels:
    """Pictures of one height side by side, with a margin to the right of each and below."""
    gap = ((0, _MARGIN), (0, _MARGIN), (0, 0))
    return np.concatenate([np.pad(each, gap, constant_values=_GROUND) for each in images], axis=1)
