"""What lies beside a data set and training images are labelled with or changed by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Sidecars"]


@dataclass(frozen=True)
class Sidecars:
    """Tables and masks of the first data set; those that a recipe has no use for are not read.

    Attributes:
        genders: table of genders, as `reid_data.preprocess.read_genders` takes it.
        gender_ids: what it calls people: their ``pid``, or their training ``label`` 0, 1, ..
        poses: table of pose clusters, as `reid_data.preprocess.read_pose_table` takes it.
        masks: folder of masks of shirt and trousers, as `reid_data.preprocess.MaskFolder` takes it.
        naming: how masks are called: after their image's name, or also after its folder.
    """

    genders: Path | None = None
    gender_ids: Literal["pid", "label"] = "pid"
    poses: Path | None = None
    masks: Path | None = None
    naming: Literal["stem", "parent"] = "stem"
