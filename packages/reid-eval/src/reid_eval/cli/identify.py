"""``reid-eval identify``: the identity of the nearest gallery image, or ``unknown``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    LoaderWorkers,
    Seed,
    SkipUnreadable,
    note,
    out_option,
    progress,
    show,
)
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
from reid_eval.cli.thresholds import ThresholdWish, calibrate_on, open_validation
from reid_eval.views import Views

if TYPE_CHECKING:
    from reid_eval.identification import Identification

__all__ = ["identify_command"]


class MethodChoice(StrEnum):
    """``--method``."""

    ISOTONIC = "isotonic"
    PLATT = "platt"


def identify_command(
    model: Model = "",
    query: QueryFolder = None,
    gallery: GalleryFolder = None,
    out: Annotated[Path, out_option("CSV file to write.")] = Path("result.csv"),
    camera_filter: SearchFilterOption = SearchFilterChoice.NONE,
    threshold: Annotated[
        str,
        typer.Option(
            "--threshold",
            metavar="auto|FLOAT",
            help="Least cosine similarity of an answer; below it the person is unknown. "
            "auto chooses it with --validation or --calibration. Default: answer always.",
        ),
    ] = "",
    validation: Annotated[
        Path | None,
        typer.Option(
            "--validation", help="Folder of images or embeddings whose identities are known."
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration", help="JSON file to read; with --validation, to write instead."
        ),
    ] = None,
    fpir: Annotated[
        float, typer.Option("--fpir", help="Share of unknown people that may be answered.")
    ] = 0.1,
    method: Annotated[
        MethodChoice, typer.Option("--method", help="How probabilities are fitted.")
    ] = MethodChoice.ISOTONIC,
    flip: Flip = False,
    backend: BackendOption = BackendChoice.AUTO,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: LoaderWorkers = "auto",
    seed: Seed = 0,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Give every query the identity of its nearest gallery image, or call it unknown.

    Writes the columns `query filename,predicted class,predicted path,distance` (and `probability`,
    with a calibration) and prints the accuracy over the queries whose own identity is known. The
    score is the cosine similarity.
    """
    check_out_file(out)
    wish = ThresholdWish(threshold, calibration, validation, fpir, method.value)
    sides = open_sides(query, gallery, pids="optional")
    if validation is not None:
        sides["validation"] = open_validation(validation)
    from reid_eval.identification import check_named, identify

    check_named(sides["gallery"].pids)
    how = Pass(model, device, batch_size, workers, Views(flip=flip), skip_unreadable, backend.value)
    done, speed = embed_sides(sides, how)
    chosen = wish.loaded()
    if validation is not None:
        chosen = calibrate_on(done["validation"], wish, device=device, seed=seed)
    with progress("searching", total=len(done["gallery"])) as advance:
        answer = identify(
            done["query"],
            done["gallery"],
            camera_filter=camera_filter.value,
            threshold=wish.number(),
            calibration=chosen,
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
        "threshold": answer.threshold,
        "unknown": int(answer.unknown.sum()),
        "accuracy_present": answer.accuracy_present,
        "accuracy_absent": answer.accuracy_absent,
        "unanswered": answer.unanswered,
        "nameless": answer.nameless,
        "images_per_second": speed,
    }
    row = {
        "result": str(out),
        "queries": len(answer.query),
        "known": answer.known,
        "correct": answer.correct,
        "accuracy": _share(answer.accuracy),
    }
    if answer.threshold is not None:
        row |= {
            "called unknown": int(answer.unknown.sum()),
            "accuracy, in gallery": _share(answer.accuracy_present),
            "accuracy, not in gallery": _share(answer.accuracy_absent),
        }
    show([row], as_json=as_json, payload=payload)
    if answer.nameless:
        note(f"{answer.nameless:,} gallery images bear no identity and were left out")
    if answer.unanswered:
        note(f"{answer.unanswered:,} queries have no answer: the camera filter left none")
    if not answer.known:
        note("no query's identity is known from its name, so there is no accuracy")


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"
