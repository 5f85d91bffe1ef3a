"""The verb `export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Json, Seed, out_option, show

__all__ = ["export"]


class FormatChoice(StrEnum):
    """``--format``."""

    ONNX = "onnx"
    OPENVINO = "openvino"
    TORCH_EXPORT = "torch-export"


def export(
    model: Annotated[Path, typer.Option("--model", help="Checkpoint folder.")],
    format: Annotated[  # noqa: A002 - the name of the option
        FormatChoice, typer.Option("--format", help="What to write.")
    ],
    out: Annotated[Path, out_option("File to write: .onnx, .xml (with a .bin) or .pt2.")],
    images: Annotated[
        Path | None,
        typer.Option("--images", help="Folder of images to compare on. [synthetic people]"),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option("--tolerance", min=0, help="Largest error, as a share of the embedding."),
    ] = 1e-4,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Write a model as one file that takes uint8 images, checked against the checkpoint."""
    from reid_core.exporting.export import export_model

    result = export_model(
        model, out, format=format.value, images=images, tolerance=tolerance, seed=seed
    )
    height, width = result.image_size
    values = {
        "file": str(result.file),
        "size": f"{result.megabytes:,.1f} MB",
        "takes": f"uint8 (B, 3, {height}, {width})",
        "gives": f"float32 (B, {result.embedding_size})",
        **{
            f"worst error, {name} images": f"{parity.worst:.2g}"
            for name, parity in result.parity.items()
        },
        "fingerprint": result.fingerprint[:12],
    }
    rows = [{"export": name, "": value} for name, value in values.items()]
    show(rows, as_json=as_json, payload=result.to_dict())
