"""Options that the gallery verbs share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_eval.cli.gallery_input import attribute_values

if TYPE_CHECKING:
    from reid_eval.gallery import Filter

__all__ = [
    "After",
    "Attributes",
    "Before",
    "Cameras",
    "GroupChoice",
    "Images",
    "Pids",
    "Place",
    "StoredChoice",
    "conditions",
]

Place = Annotated[
    str, typer.Argument(metavar="GALLERY", help="Folder, or milvus://host:port/collection.")
]
Images = Annotated[
    Path, typer.Argument(metavar="IMAGES", help="Folder of crops, or of embeddings; or one image.")
]
Cameras = Annotated[
    list[int] | None, typer.Option("--camera", help="Only this camera; may be repeated.")
]
Pids = Annotated[list[int] | None, typer.Option("--pid", help="Only this person; may be repeated.")]
After = Annotated[float | None, typer.Option("--after", help="Only from this second on.")]
Before = Annotated[float | None, typer.Option("--before", help="Only before this second.")]
Attributes = Annotated[
    list[str] | None,
    typer.Option("--attribute", metavar="NAME=VALUE", help="Only with this; may be repeated."),
]


class GroupChoice(StrEnum):
    """``--group-by``."""

    TRACKLET = "tracklet"
    PID = "pid"


class StoredChoice(StrEnum):
    """``--dtype``."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"


def conditions(
    cameras: list[int] | None,
    after: float | None,
    before: float | None,
    pids: list[int] | None,
    attributes: list[str] | None,
) -> Filter:
    """The filter that the options ask for.

    Raises:
        ValueError: an attribute of another form, or an empty span of time.
    """
    from reid_eval.gallery import Filter

    return Filter(cameras or None, after, before, pids or None, attribute_values(attributes or []))
