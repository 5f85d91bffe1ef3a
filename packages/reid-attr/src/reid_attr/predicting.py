"""The verb `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_attr.options import Images, Model, SomeData, SomeRoot
from reid_attr.tables import check_table, prediction_table, write_table
from reid_data.console import BatchSize, Device, Json, Workers, note, out_option, progress, show

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["predict"]

_SHOWN = 10


def predict(
    model: Model,
    out: Annotated[Path, out_option("Table to write: .csv or .parquet.")],
    place: Annotated[
        Path | None,
        typer.Argument(metavar="IMAGES", help="An image, or a folder or .csv list of images."),
    ] = None,
    data: SomeData = None,
    root: SomeRoot = None,
    images: Images = None,
    submission: Annotated[
        Path | None,
        typer.Option("--submission", help="CSV in UPAR's form: path and probabilities only."),
    ] = None,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 0,
    as_json: Json = False,
) -> None:
    """Write the attributes of images: each group in words, and all probabilities.

    The images are a picture, a folder, or a data set of `reid-data list`. The model is a folder, or
    a file of `reid-attr export`.
    """
    check_table(out)
    if submission is not None and submission.suffix.lower() != ".csv":
        raise ValueError(f"--submission must end in .csv, came {submission}")
    from reid_attr.recognizer import load_recognizer
    from reid_attr.sources import chosen_records

    records = chosen_records(place, data, root, images=images)
    recognizer = load_recognizer(model, device=device)
    with progress("recognising", len(records)) as advance:
        probabilities = recognizer.of_records(
            records, batch_size=batch_size, workers=workers, advance=advance
        )
    table = prediction_table(recognizer, records, probabilities)
    write_table(table, out)
    if submission is not None:
        plain = table[["path", *recognizer.schema.names]].rename(columns={"path": "# image"})
        write_table(plain, submission)
    show(_shown(table), as_json=as_json, payload={"images": len(table), "table": str(out)})
    note(f"{len(table)} images, all probabilities in {out}")


def _shown(table: pd.DataFrame) -> list[dict[str, str]]:
    groups = [column for column in table if str(column).startswith("group:")]
    head = table.head(_SHOWN)
    rows = head[groups].itertuples(index=False)
    words = [", ".join(str(word) for word in row if word) for row in rows]
    return [
        {"image": str(path), "attributes": text}
        for path, text in zip(head["path"], words, strict=True)
    ]
