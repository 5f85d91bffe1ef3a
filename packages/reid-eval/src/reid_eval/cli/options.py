"""Options that the verbs share, beyond those of all scripts."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AveragePrecisionChoice",
    "CameraFilterOption",
    "EvaluationFilterChoice",
    "Flip",
    "GalleryFolder",
    "MetricChoice",
    "MetricOption",
    "Model",
    "QueryFolder",
    "SearchFilterChoice",
    "SearchFilterOption",
]


class MetricChoice(StrEnum):
    """``--metric``."""

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"


class AveragePrecisionChoice(StrEnum):
    """``--average-precision``."""

    MEAN = "mean"
    TRAPEZOID = "trapezoid"


class EvaluationFilterChoice(StrEnum):
    """``--camera-filter`` of an evaluation."""

    CROSS_CAMERA = "cross-camera"
    NONE = "none"


class SearchFilterChoice(StrEnum):
    """``--camera-filter`` of a search."""

    NONE = "none"
    CROSS_CAMERA = "cross-camera"
    OTHER_CAMERAS = "other-cameras"


Model = Annotated[
    str,
    typer.Option("--model", help="Checkpoint folder, or package.module:function."),
]
QueryFolder = Annotated[
    Path | None, typer.Option("--query", help="Folder of query images, or of their embeddings.")
]
GalleryFolder = Annotated[
    Path | None, typer.Option("--gallery", help="Folder of gallery images, or of their embeddings.")
]
MetricOption = Annotated[MetricChoice, typer.Option("--metric", help="What ranks the gallery.")]
CameraFilterOption = Annotated[
    EvaluationFilterChoice,
    typer.Option(
        "--camera-filter",
        help="cross-camera leaves out what the query's camera saw of the query's person.",
    ),
]
SearchFilterOption = Annotated[
    SearchFilterChoice,
    typer.Option(
        "--camera-filter",
        help="cross-camera leaves out what the query's camera saw of the query's person, "
        "other-cameras all that it saw.",
    ),
]
Flip = Annotated[
    bool, typer.Option("--flip", help="Mean of the embeddings of each image and its mirror image.")
]
