"""The verb `visualize`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Device, Json, Seed, out_option, show

__all__ = ["visualize"]


class KindChoice(StrEnum):
    """``--kind``."""

    GRADCAM = "gradcam"
    OCCLUSION = "occlusion"
    ATTENTION = "attention"
    EMBEDDING = "embedding"


class MethodChoice(StrEnum):
    """``--method``."""

    TSNE = "tsne"
    PCA = "pca"


def visualize(
    model: Annotated[Path, typer.Option("--model", help="Checkpoint folder.")],
    images: Annotated[Path, typer.Option("--images", help="Folder of images.")],
    kind: Annotated[
        KindChoice,
        typer.Option(
            "--kind",
            help="gradcam, occlusion (slower, finer), attention (of a ViT), or a map of the "
            "embeddings.",
        ),
    ],
    out: Annotated[Path, out_option("PNG file to write.")],
    method: Annotated[
        MethodChoice, typer.Option("--method", help="Of the map: tsne or pca.")
    ] = MethodChoice.TSNE,
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="Images to show. [32; 600 on a map]")
    ] = None,
    device: Device = "auto",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Draw what a network looks at, or where it puts people."""
    from reid_core.visualizing.pictures import visualize as draw

    file = draw(
        model,
        images,
        out,
        kind=kind.value,
        method=method.value,
        most=most,
        device=device,
        seed=seed,
    )
    show([{"kind": kind.value, "picture": str(file)}], as_json=as_json)
