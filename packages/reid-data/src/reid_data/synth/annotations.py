"""Parsing maps and keypoints beside the images, in the forms in which data sets share them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


__all__ = ["KEYPOINTS", "PARSINGS", "keypoint_table", "write_parsing"]

PARSINGS = "parsing"
"""The folder of parsing maps; ``reid-data masks --parsings`` makes masks of it."""

KEYPOINTS = "keypoints.csv"
"""The table of keypoints; ``reid-data poses`` and ``heatmaps`` read it."""

_HEADER = "name:keypoints_y:keypoints_x"


def write_parsing(root: Path, path: str, parsing: npt.NDArray[np.uint8]) -> None:
    """Write the labels of one image, ``(H, W)``, below `PARSINGS` under the image's name.

    They are ``.npy``, so that nobody takes them for images of the data set.
    """
    target = (root / PARSINGS / path).with_suffix(".npy")
    target.parent.mkdir(parents=True, exist_ok=True)
    np.save(target, parsing)


def keypoint_table(keypoints: Iterable[tuple[str, npt.NDArray[np.float32]]]) -> bytes:
    r"""The published form: a name, rows and columns of OpenPose's 18 keypoints, -1 for none.

    Names are those of the files, or paths below the root where files in different folders have the
    same name. Keypoints that are hidden, or lie outside of the image, stand there too, unless they
    are negative: those are -1.

    Examples:
        >>> keypoint_table([("query/a.jpg", np.array([[3.2, 7.9], [-4.0, 2.0]], np.float32))])
        b'name:keypoints_y:keypoints_x\na.jpg: [8, -1]: [3, -1]\n'
    """
    found = list(keypoints)
    names = [PurePosixPath(path).name for path, _ in found]
    if len(set(names)) < len(names):
        names = [path for path, _ in found]
    lines = [_HEADER]
    for name, (_, points) in zip(names, found, strict=True):
        whole = np.rint(points).astype(np.int64)
        whole[(whole < 0).any(1)] = -1
        columns, rows = whole.T.tolist()
        lines.append(f"{name}: {json.dumps(rows)}: {json.dumps(columns)}")
    return ("\n".join(lines) + "\n").encode()
