"""The verb ``reid-data audit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from reid_data.console import Data, Json, Out, Root, Workers, note, progress, show

__all__ = ["audit"]


def audit(
    data: Data,
    root: Root,
    out: Out,
    embeddings: Annotated[
        Path | None,
        typer.Option(
            help="An .npy file (N, D), one row an image in the order of `reid-data manifest`; "
            "with it, labels are judged."
        ),
    ] = None,
    distance: Annotated[
        int, typer.Option(min=0, max=16, help="Bits, of 64, in which near duplicates may differ.")
    ] = 6,
    correlation: Annotated[
        float, typer.Option(min=-1, max=1, help="What the pictures of a near pair must reach.")
    ] = 0.95,
    margin: Annotated[
        float, typer.Option(min=0, help="By how much another identity must be nearer, in cosine.")
    ] = 0.0,
    examples: Annotated[int, typer.Option(min=0, help="Pictures of each kind on the page.")] = 12,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Look for leaks, wrong labels, imbalance and bad images; write audit.json and audit.html."""
    from reid_data.audit.page import write_page
    from reid_data.audit.report import audit_records
    from reid_data.datasets import load_dataset

    records = load_dataset(data, root)
    features = None if embeddings is None else _read_embeddings(embeddings)
    with progress("looking", total=len(records)) as advance:
        report = audit_records(
            records,
            features=features,
            max_distance=distance,
            min_correlation=correlation,
            margin=margin,
            workers=workers,
            advance=advance,
        )
    report.save(out / "audit.json")
    title = f"Audit of {records.info.name if records.info else data}"
    write_page(out / "audit.html", report=report, records=records, title=title, examples=examples)
    show(report.summary(), title=title, as_json=as_json, payload=report.to_dict())
    note(f"written: {out / 'audit.html'} and {out / 'audit.json'}")


def _read_embeddings(path: Path) -> Any:
    from reid_data.preprocess.array_files import read_npy

    try:
        return read_npy(path)
    except ValueError as error:
        raise ValueError(f"{path} is not an .npy file of numbers: {error}") from error
