"""The verb `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from reid_data.console import Json, Seed, out_option, show

__all__ = ["export"]


def export(
    model: Annotated[Path, typer.Option("--model", help="Folder of a trained attribute model.")],
    format: Annotated[  # noqa: A002 - the name of the option
        str, typer.Option("--format", help="onnx, openvino or torch-export.")
    ],
    out: Annotated[Path, out_option("File to write: .onnx, .xml (with a .bin) or .pt2.")],
    images: Annotated[
        Path | None,
        typer.Option("--images", help="Folder of images to compare on. [synthetic people]"),
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, help="Largest difference of a probability.")
    ] = 1e-4,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Write a model as one file from images to probabilities, checked against the checkpoint."""
    from reid_attr.model_files import export_attribute_model

    kind: Any = format
    result = export_attribute_model(
        model, out, format=kind, images=images, tolerance=tolerance, seed=seed
    )
    height, width = result.image_size
    values = {
        "file": str(result.file),
        "size": f"{result.megabytes:,.1f} MB",
        "takes": f"uint8 (B, 3, {height}, {width})",
        "gives": f"probabilities (B, {result.attributes})",
        **{f"worst, {name} images": f"{worst:.2g}" for name, worst in result.worst.items()},
    }
    rows = [{"export": name, "": value} for name, value in values.items()]
    show(rows, as_json=as_json, payload=result.to_dict())
