"""The layout of Market-1501: folders, and file names that say who, where and when.

``0002_c1s1_000451_03.jpg`` is identity 2 in camera 1, sequence 1, frame 451, box 3. The gallery
folder also holds distractors (identity ``0000``) and junk (identity ``-1``).
"""

from __future__ import annotations

from .plan import Shot

__all__ = ["FOLDERS", "MAX_CAMERAS", "MAX_IDENTITIES", "file_name"]

FOLDERS = ("bounding_box_train", "bounding_box_test", "query")

MAX_IDENTITIES, MAX_CAMERAS = 9999, 9
"""What the four digits of an identity and the one digit of a camera can say."""

_FOLDER = {"train": FOLDERS[0], "query": FOLDERS[2]}


def file_name(shot: Shot) -> str:
    """Path of a crop relative to the data set's root.

    Examples:
        >>> file_name(Shot("query", 2, camid=1, index=0, frame=451))
        'query/0002_c1s1_000451_01.jpg'
        >>> file_name(Shot("junk", 2, camid=1, index=0, frame=451))
        'bounding_box_test/-1_c1s1_000451_01.jpg'
    """
    who = "-1" if shot.split == "junk" else f"{shot.pid:04d}"
    folder = _FOLDER.get(shot.split, FOLDERS[1])
    return f"{folder}/{who}_c{shot.camid}s1_{shot.frame:06d}_01.jpg"
