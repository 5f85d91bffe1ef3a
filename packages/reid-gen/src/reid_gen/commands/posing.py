"""What the verbs of generation begin with: images with their keypoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reid_data.console import note

if TYPE_CHECKING:
    from reid_data.records import Records
    from reid_gen.generation.posed import PosedImages

__all__ = ["open_posed"]


def open_posed(
    records: Records,
    keypoints: Path | None,
    root: Path,
    *,
    canvas: tuple[int, int],
    skip_poseless: bool,
) -> PosedImages:
    """Images with keypoints, on a canvas (height, width); says how many had none and are left out.

    Raises:
        ValueError: there is no such file, or images without keypoints are not to be left out.
    """
    from reid_gen.generation.keypoint_files import load_keypoints
    from reid_gen.generation.posed import pose_images

    found = load_keypoints(keypoints, root)
    posed = pose_images(records, found, canvas=canvas, skip_poseless=skip_poseless)
    if len(posed) < len(records):
        note(f"{len(records) - len(posed)} of {len(records)} images have no keypoints: left out")
    return posed
