"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AttributeSet", "Images", "Model"]

Images = Annotated[
    Path | None,
    typer.Option("--images", help="Folder to which the table's paths are relative. [--root]"),
]
AttributeSet = Annotated[
    str | None,
    typer.Option(
        "--attributes", help="Attribute set that describes the people of --data, if it is one."
    ),
]
Model = Annotated[Path, typer.Option("--model", help="Folder of a trained attribute model.")]
