"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.completion import complete_data

__all__ = ["AttributeSet", "Images", "Model", "Part", "SomeData", "SomeRoot"]

Images = Annotated[
    Path | None,
    typer.Option("--images", help="Folder to which the paths of a table or list are relative."),
]
AttributeSet = Annotated[
    str | None,
    typer.Option(
        "--attributes", help="Attribute set that describes the people of --data, if it is one."
    ),
]
Model = Annotated[
    Path,
    typer.Option("--model", help="Folder of a trained attribute model, or a file made of one."),
]
Part = Annotated[str, typer.Option("--part", help="test, validation, train, or all images.")]
SomeData = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="A data set, or a published table of attributes, by name.",
        autocompletion=complete_data,
    ),
]
SomeRoot = Annotated[
    Path | None, typer.Option("--root", help="Folder that holds the data set of --data.")
]
