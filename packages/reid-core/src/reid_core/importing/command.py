"""The verb ``reid-core import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Json, Out, note, show

__all__ = ["import_"]


def import_(
    path: Annotated[
        str, typer.Argument(help="A .pth or .safetensors file, a model folder, or hf://...")
    ],
    out: Out,
    source: Annotated[
        str,
        typer.Option(
            "--source",
            help="auto, torchreid, fastreid, strong-baseline, centroids or roboflow.",
        ),
    ] = "auto",
    image_size: Annotated[
        tuple[int, int] | None,
        typer.Option("--image-size", help="Height and width in pixels. [256 128]"),
    ] = None,
    last_stride: Annotated[
        int | None, typer.Option("--last-stride", help="1 or 2. [as the project does]")
    ] = None,
    pooling: Annotated[
        str | None, typer.Option("--pooling", help="avg, max, max+avg or gem. [as in the file]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Turn another project's checkpoint into one of ours."""
    if (out / "model.json").exists():
        raise ValueError(f"{out} holds a model already; choose another --out")
    from reid_core.importing import import_model
    from reid_core.models import save_model

    imported = import_model(
        path,
        source=source,
        image_size=image_size,
        last_stride=last_stride,
        pooling=pooling,
    )
    about = {"imported": {"source": imported.source, "from": str(path)}}
    save_model(imported.model, out, heads=imported.heads or None, metadata=about)
    if imported.left_out:
        note(f"left out: {', '.join(imported.left_out[:5])}")
    show([_row(imported.model.architecture["name"], imported.source, out)], as_json=as_json)


def _row(name: str, source: str, out: Path) -> dict[str, str]:
    return {"model": name, "source": source, "checkpoint": str(out)}
