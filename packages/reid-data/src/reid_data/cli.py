"""The console script ``reid-data``: look at data sets, check them, write tables, draw people."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.audit.command import audit
from reid_data.console import (
    Data,
    Json,
    Root,
    Workers,
    application,
    note,
    out_option,
    progress,
    run,
    show,
)
from reid_data.preprocess.commands import VERBS
from reid_data.synth.command import synth
from reid_data.tracking.command import crops
from reid_data.unpacking import unpack

if TYPE_CHECKING:
    from reid_data.records import Records

__all__ = ["app", "main"]

app = application(
    "Read, check and describe person re-identification data; draw synthetic people.",
    package="reid-data",
)


def main() -> None:
    """Entry point of the console script."""
    run(app)


@app.command("list")
def list_data(
    attributes: Annotated[
        bool, typer.Option("--attributes", help="List the tables of attributes instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the data sets that can be read, with their licences and options (NAME:KEY=VALUE)."""
    if attributes:
        from reid_data.attribute_sets.command import list_sets

        list_sets(as_json=as_json)
        return
    from reid_data.datasets import dataset_info, dataset_options, list_datasets
    from reid_data.datasets.selection import SELECTION_OPTIONS

    infos = [
        asdict(dataset_info(name)) | {"options": dataset_options(name)} for name in list_datasets()
    ]
    rows = [
        {
            "name": info["name"],
            "licence": info["licence"],
            "published identities/images": "\n".join(
                f"{split} {identities}/{'?' if images is None else images}"
                for split, (identities, images) in info["counts"].items()
            ),
            "options": "\n".join(f"{key}: {values}" for key, values in info["options"].items()),
            "note": info["note"],
        }
        for info in infos
    ]
    show(rows, title="Data sets", as_json=as_json, payload=infos)
    if not as_json:
        anywhere = ", ".join(f"{key} ({what})" for key, what in SELECTION_OPTIONS.items())
        note(f"any data set takes: {anywhere}; NAME+NAME reads two as one")


@app.command()
def info(data: Data, root: Root, as_json: Json = False) -> None:
    """Count the identities, images and cameras of each split, or who has which attribute."""
    if _is_attribute_set(data):
        from reid_data.attribute_sets.command import info_of_set

        info_of_set(data, root, as_json=as_json)
        return
    records = _load(data, root)
    rows = _summary(records)
    payload = {"data": data, "root": records.root, "splits": rows}
    if records.info is not None:
        payload |= {"licence": records.info.licence, "citation": records.info.citation}
    _show_splits(rows, records, as_json=as_json, payload=payload)


@app.command()
def check(
    data: Data,
    root: Root,
    decode: Annotated[
        bool, typer.Option(help="Decode every image, or only look at how each file begins.")
    ] = True,
    counts: Annotated[
        bool, typer.Option(help="Compare with the published counts, where there are any.")
    ] = True,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Compare with the published counts and look for unreadable images; exit code 2 if any."""
    if _is_attribute_set(data):
        from reid_data.attribute_sets.command import check_set

        check_set(data, root, counts=counts, as_json=as_json)
        return
    from reid_data.datasets import load_parts
    from reid_data.images import UnreadableImagesError, find_unreadable
    from reid_data.records import Records
    from reid_data.summary import published_mismatches

    parts = load_parts(data, root)
    records = parts[0] if len(parts) == 1 else Records.concatenate(parts)
    mismatches = [
        line if len(parts) == 1 or part.info is None else f"{part.info.name} {line}"
        for part in (parts if counts else ())
        for line in published_mismatches(part)
    ]
    files = records.table["path"].nunique()
    with progress("checking", total=files) as advance:
        unreadable = find_unreadable(records, workers=workers, decode=decode, advance=advance)
    rows = _summary(records)
    payload = {
        "data": data,
        "root": records.root,
        "ok": not mismatches and not unreadable,
        "splits": rows,
        "mismatches": mismatches,
        "unreadable": [asdict(item) for item in unreadable],
    }
    _show_splits(rows, records, as_json=as_json, payload=payload)
    if mismatches:
        mismatches.append("data of your own in this layout is checked with --no-counts")
    problems = [*mismatches, *([str(UnreadableImagesError(unreadable))] if unreadable else [])]
    if problems:
        raise ValueError("\n".join(problems))
    note(f"{files} images are readable" if decode else f"{files} files begin like images")


@app.command()
def manifest(
    data: Data,
    root: Root,
    out: Annotated[Path, out_option("Table to write: .csv or .parquet.")],
    as_json: Json = False,
) -> None:
    """Write the records as a table that `--data csv --root TABLE` reads."""
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise ValueError(f"--out must end in .csv or .parquet, came {out}")
    records = _load(data, root)
    below = records.root.resolve().is_relative_to(out.parent.resolve())
    table = records.relative_to(out.parent) if below else records
    (table.to_csv if out.suffix.lower() == ".csv" else table.to_parquet)(out)
    row = {"table": str(out), "rows": len(table), "paths relative to": str(table.root)}
    show([row], as_json=as_json)
    if not below:
        note(f"move {out.name} to {records.root} before you read it with --data csv")


for _name, _verb in VERBS.items():
    app.command(_name)(_verb)
app.command()(unpack)
app.command()(audit)
app.command()(crops)
app.command()(synth)


def _is_attribute_set(data: str) -> bool:
    from difflib import get_close_matches

    from reid_data.attribute_sets.registry import is_attribute_set, list_attribute_sets
    from reid_data.datasets import list_datasets

    if is_attribute_set(data):
        return True
    # A name that nothing has is told by who has the nearest one.
    name, known = data.partition(":")[0], list_datasets()
    nearest = get_close_matches(name, [*known, *list_attribute_sets()], n=1)
    return bool(nearest) and nearest[0] not in known


def _load(data: str, root: Path) -> Records:
    from reid_data.datasets import load_dataset

    return load_dataset(data, root)


def _show_splits(
    rows: list[dict[str, Any]], records: Records, *, as_json: bool, payload: dict[str, Any]
) -> None:
    columns = ("split", "identities", "images", "cameras")
    table = [{name: row[name] for name in columns} for row in rows]
    name = records.info.name if records.info else "records"
    show(table, title=f"{name} in {records.root}", as_json=as_json, payload=payload)


def _summary(records: Records) -> list[dict[str, Any]]:
    from reid_data.summary import summarise

    return [asdict(summary) for summary in summarise(records)]
