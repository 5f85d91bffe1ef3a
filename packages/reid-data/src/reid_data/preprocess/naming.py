"""By which name a side file calls an image: the published tables have few habits, all here.

Some data sets keep each person in a folder of its own (``rgb/train/092/A_cropped_rgb001.jpg``);
there the folder belongs to the name (naming ``parent``). In others the file's name says all
(``train/000_1_c10_001003.png``, naming ``stem``).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, get_args

__all__ = ["NAMINGS", "Naming", "category", "check_naming", "file_name", "image_id", "qualified_id"]

Naming = Literal["stem", "parent"]
"""``stem`` for LTCC, Celeb-reID, DeepChange and Market-1501; ``parent`` for PRCC and LaST."""

NAMINGS: tuple[Naming, ...] = get_args(Naming)


def image_id(path: str, naming: Naming) -> str:
    """The name in masks, faulty lists and poses of training images.

    Examples:
        >>> image_id("train/000_1_c10_001003.png", "stem")
        '000_1_c10_001003'
        >>> image_id("rgb/train/092/A_cropped_rgb001.jpg", "parent")
        '092_A_cropped_rgb001'
    """
    place = PurePosixPath(path)
    return place.stem if naming == "stem" else f"{place.parent.name}_{place.stem}"


def category(path: str, naming: Naming) -> str:
    """The column ``Category``: the first folder above what the name holds.

    Examples:
        >>> category("query/001_1_c11_015833.png", "stem")
        'query'
        >>> category("rgb/test/A/001/cropped_rgb001.jpg", "parent")
        'A'
    """
    folder = PurePosixPath(path).parent
    return (folder.parent if naming == "parent" else folder).name


def qualified_id(path: str, naming: Naming) -> str:
    """The name in poses of test images, which is unique over their folders.

    Examples:
        >>> qualified_id("rgb/test/A/001/cropped_rgb001.jpg", "parent")
        'A/001_cropped_rgb001'
    """
    return f"{category(path, naming)}/{image_id(path, naming)}"


def file_name(path: str, naming: Naming) -> str:
    """The name in tables of sizes, with its suffix.

    Examples:
        >>> file_name("rgb/train/092/A_cropped_rgb001.jpg", "parent")
        '092/A_cropped_rgb001.jpg'
    """
    place = PurePosixPath(path)
    return place.name if naming == "stem" else f"{place.parent.name}/{place.name}"


def check_naming(naming: str) -> Naming:
    """The naming that a text means.

    Raises:
        ValueError: it means none.
    """
    for known in NAMINGS:
        if naming == known:
            return known
    raise ValueError(f"naming must be one of {', '.join(NAMINGS)}, came {naming!r}")
