"""Options of the command line that name what lies beside a data set."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reid_core.training.data.sidecars import Sidecars

__all__ = ["GenderIds", "Genders", "MaskNaming", "Masks", "Naming", "Poses", "named_sidecars"]


class Naming(StrEnum):
    """How masks are called."""

    stem = "stem"
    parent = "parent"


Genders = Annotated[
    Path | None,
    typer.Option("--genders", help="Table of genders, see `reid-data genders`, for --data."),
]
GenderIds = Annotated[
    bool,
    typer.Option("--gender-labels", help="It numbers identities 0, 1, .. (Market's does)."),
]
Poses = Annotated[
    Path | None,
    typer.Option("--poses", help="Table of pose clusters, see `reid-data poses`, for --data."),
]
Masks = Annotated[
    Path | None,
    typer.Option("--masks", help="Folder of masks of clothes, see `reid-data masks`, for --data."),
]
MaskNaming = Annotated[
    Naming,
    typer.Option("--naming", help="Masks are called after the image (stem) or its folder too."),
]


def named_sidecars(
    genders: Path | None,
    gender_labels: bool,
    poses: Path | None,
    masks: Path | None,
    naming: Naming,
) -> Sidecars:
    """What these options name."""
    return Sidecars(genders, "label" if gender_labels else "pid", poses, masks, naming.value)
