"""Where the keypoints of a data set are, unless one says so."""

from __future__ import annotations

from pathlib import Path

from reid_data.preprocess.pose_files import read_poses
from reid_data.preprocess.poses import Poses

__all__ = ["load_keypoints"]

_USUAL = "keypoints.csv"


def load_keypoints(given: Path | None, root: Path) -> Poses:
    """Read the file that was named, or else ``keypoints.csv`` of a data set's folder.

    Raises:
        ValueError: there is none, or it is malformed.
    """
    place = root if root.is_dir() else root.parent
    path = place / _USUAL if given is None else given
    if not path.exists():
        raise ValueError(
            f"there are no keypoints at {path}; name those of a pose estimator with --keypoints "
            "(reid-data synth --annotations writes them for synthetic people)"
        )
    return read_poses(path)
