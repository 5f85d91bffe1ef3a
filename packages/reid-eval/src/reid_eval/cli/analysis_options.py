"""The options of ``reid-eval test`` that ask for more than the figures."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Confidence",
    "Degrade",
    "DegradeSide",
    "DegradeSideChoice",
    "FewestIdentities",
    "HeldOut",
    "OpenSet",
    "Sidecar",
    "SlicesOption",
]


class DegradeSideChoice(StrEnum):
    """``--degrade-side``."""

    QUERY = "query"
    GALLERY = "gallery"
    BOTH = "both"


Confidence = Annotated[
    float | None,
    typer.Option(
        "--confidence", help="Show intervals, by bootstrap over identities: 0.95, for example."
    ),
]
SlicesOption = Annotated[
    str,
    typer.Option(
        "--slices",
        help="Cut by camera, camera-pair, outfit, size, time-gap or columns, commas between.",
    ),
]
Sidecar = Annotated[
    Path | None,
    typer.Option("--sidecar", help="CSV or Parquet with more columns, keyed by path or pid."),
]
FewestIdentities = Annotated[
    int,
    typer.Option("--fewest-identities", min=2, help="A slice with fewer has no figures."),
]
Degrade = Annotated[
    list[str] | None,
    typer.Option(
        "--degrade",
        metavar="KIND:AMOUNT,...",
        help="Evaluate worse images: lowres, blur, defocus, motion, noise, jpeg, or a mixture of "
        "so many pixels or of a name (ltcc, prcc, plain, all). May be repeated.",
    ),
]
DegradeSide = Annotated[
    DegradeSideChoice, typer.Option("--degrade-side", help="Whose images get worse.")
]
OpenSet = Annotated[
    bool, typer.Option("--open-set", help="Also measure with people who are not in the gallery.")
]
HeldOut = Annotated[
    float,
    typer.Option("--held-out", help="Share of identities taken out of the gallery for --open-set."),
]
