"""Options that the verbs share, beyond those of all scripts."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reid_data.completion import complete_data

__all__ = [
    "AveragePrecisionChoice",
    "BackendChoice",
    "BackendOption",
    "CameraFilterOption",
    "EvaluationFilterChoice",
    "FiveCrops",
    "Flip",
    "FusionChoice",
    "FusionOption",
    "GalleryFolder",
    "MetricChoice",
    "MetricOption",
    "Model",
    "QueryFolder",
    "RerankOption",
    "RerankSetting",
    "Scales",
    "SearchFilterChoice",
    "SearchFilterOption",
    "SomeData",
    "SomeRoot",
    "Transitions",
]


class BackendChoice(StrEnum):
    """``--backend``."""

    AUTO = "auto"
    TORCH = "torch"
    OPENVINO = "openvino"
    COMPILED = "compiled"


class MetricChoice(StrEnum):
    """``--metric``."""

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"


class AveragePrecisionChoice(StrEnum):
    """``--average-precision``."""

    MEAN = "mean"
    TRAPEZOID = "trapezoid"


class FusionChoice(StrEnum):
    """``--fusion``."""

    JOINT = "joint"
    LIKELIHOOD = "likelihood"


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
SomeData = Annotated[
    str,
    typer.Option(
        "--data", help="Data set name, see `reid-data list`.", autocompletion=complete_data
    ),
]
SomeRoot = Annotated[Path | None, typer.Option("--root", help="Folder that holds the data set.")]
QueryFolder = Annotated[
    Path | None, typer.Option("--query", help="Folder of query images, or of their embeddings.")
]
GalleryFolder = Annotated[
    Path | None, typer.Option("--gallery", help="Folder of gallery images, or of their embeddings.")
]
MetricOption = Annotated[MetricChoice, typer.Option("--metric", help="What ranks the gallery.")]
CameraFilterOption = Annotated[
    EvaluationFilterChoice | None,
    typer.Option(
        "--camera-filter",
        help="cross-camera leaves out what the query's camera saw of the query's person. "
        "Default: as the protocol has it.",
    ),
]
RerankOption = Annotated[
    str,
    typer.Option(
        "--rerank",
        metavar="NAME[:KEY=VALUE]",
        help="k-reciprocal or gnn; aqe, alpha-qe or dba alone or before it, with commas between.",
    ),
]
RerankSetting = Annotated[
    list[str] | None,
    typer.Option(
        "--rerank-set", metavar="KEY=VALUE", help="A setting of --rerank; may be repeated."
    ),
]
Transitions = Annotated[
    Path | None,
    typer.Option("--st", help="File of `reid-eval fit-st`: fuse looks with the time in between."),
]
FusionOption = Annotated[
    FusionChoice,
    typer.Option("--fusion", help="How --st counts: as published, or as a likelihood ratio."),
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
Scales = Annotated[
    str,
    typer.Option(
        "--scales", help="Mean over enlargements of each image, such as 0.9,1,1.1 (1: as it is)."
    ),
]
FiveCrops = Annotated[
    bool,
    typer.Option("--five-crops", help="Also the corners and the middle of each image, enlarged."),
]
BackendOption = Annotated[
    BackendChoice,
    typer.Option(
        "--backend",
        help="What runs the network on a CPU; auto takes the fastest that agrees with torch.",
    ),
]
