"""``reid-eval identify``: the identity of the nearest gallery image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.console import BatchSize, Device, Json, SkipUnreadable, Workers, note, progress, show
from reid_eval.cli.options import (
    BackendChoice,
    BackendOption,
    Flip,
    GalleryFolder,
    Model,
    QueryFolder,
    SearchFilterChoice,
    SearchFilterOption,
)
from reid_eval.cli.sides import Pass, check_out_file, embed_sides, open_sides
from reid_eval.views import Views

if TYPE_CHECKING:
    from reid_eval.identification import Identification

__all__ = ["identify_command"]


def identify_command(
    model: Model = "",
    query: QueryFolder = None,
    gallery: GalleryFolder = None,
    out: Annotated[Path, typer.Option("--out", help="CSV file to write.")] = Path("result.csv"),
    camera_filter: SearchFilterOption = SearchFilterChoice.NONE,
    flip: Flip = False,
    backend: BackendOption = BackendChoice.AUTO,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 2,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Give every query the identity of its nearest gallery image, by cosine.

    Writes the columns `query filename,predicted class,predicted path,distance` and prints the
    accuracy over the queries whose own identity is known.
    """
    check_out_file(out)
    sides = open_sides(query, gallery, pids="optional")
    from reid_eval.identification import check_named, identify

    check_named(sides["gallery"].pids)
    how = Pass(model, device, batch_size, workers, Views(flip=flip), skip_unreadable, backend.value)
    done, speed = embed_sides(sides, how)
    with progress("searching", total=len(done["gallery"])) as advance:
        answer = identify(
            done["query"],
            done["gallery"],
            camera_filter=camera_filter.value,
            device=device,
            advance=advance,
        )
    answer.to_csv(out)
    _show(answer, out, speed=speed, as_json=as_json)


def _show(answer: Identification, out: Path, *, speed: float | None, as_json: bool) -> None:
    payload: dict[str, Any] = {
        "out": str(out),
        "queries": len(answer.query),
        "known": answer.known,
        "correct": answer.correct,
        "accuracy": answer.accuracy,
        "unanswered": answer.unanswered,
        "nameless": answer.nameless,
        "images_per_second": speed,
    }
    accuracy = "unknown" if answer.accuracy is None else f"{answer.accuracy:.1%}"
    row = {
        "result": str(out),
        "queries": len(answer.query),
        "known": answer.known,
        "correct": answer.correct,
        "accuracy": accuracy,
    }
    show([row], as_json=as_json, payload=payload)
    if answer.nameless:
        note(f"{answer.nameless:,} gallery images bear no identity and were left out")
    if answer.unanswered:
        note(f"{answer.unanswered:,} queries have no answer: the camera filter left none")
    if not answer.known:
        note("no query's identity is known from its name, so there is no accuracy")
