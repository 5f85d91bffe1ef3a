"""What the preprocessing verbs share: options, and records from a data set or any folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.completion import complete_data
from reid_data.console import out_option

if TYPE_CHECKING:
    from reid_data.records import Records

__all__ = ["AnyData", "Naming", "OutFile", "Poses", "load"]

AnyData = Annotated[
    str,
    typer.Option(
        "--data",
        help="Data set name; by default every image below --root.",
        autocompletion=complete_data,
    ),
]
Naming = Annotated[
    str,
    typer.Option(
        "--naming",
        help="How side files call an image: stem, or parent for folders of people (PRCC, LaST).",
    ),
]
OutFile = Annotated[Path, out_option("File to write.")]
Poses = Annotated[
    Path,
    typer.Option(
        "--poses", help="Keypoints: AlphaPose .json, folder of pickles, or name:y:x .csv."
    ),
]


def load(data: str, root: Path) -> Records:
    """The records of a data set, or of every image below a folder where none is named."""
    if data:
        from reid_data.datasets import load_dataset

        return load_dataset(data, root)
    from reid_data.preprocess.rewriting import every_image

    return every_image(root)
