"""``reid-eval test``: how well are people found again?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_data.console import (
    BatchSize,
    Device,
    Json,
    Seed,
    SkipUnreadable,
    Workers,
    note,
    progress,
    show,
)
from reid_eval.cli.options import (
    AveragePrecisionChoice,
    CameraFilterOption,
    EvaluationFilterChoice,
    Flip,
    GalleryFolder,
    MetricChoice,
    MetricOption,
    Model,
    QueryFolder,
)
from reid_eval.cli.sides import Pass, embed_sides, open_sides

if TYPE_CHECKING:
    from reid_data.records import Records
    from reid_eval.embeddings import Embeddings
    from reid_eval.metrics import RetrievalReport

__all__ = ["measure_command"]

_JSON, _HTML = "report.json", "report.html"


def measure_command(
    model: Model = "",
    data: Annotated[str, typer.Option("--data", help="Data set name, see `reid-data list`.")] = "",
    root: Annotated[
        Path | None, typer.Option("--root", help="Folder that holds the data set.")
    ] = None,
    query: QueryFolder = None,
    gallery: GalleryFolder = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for report.json and report.html.")
    ] = None,
    embeddings: Annotated[
        bool, typer.Option(help="Leave the embeddings in OUT/query and OUT/gallery.")
    ] = True,
    metric: MetricOption = MetricChoice.COSINE,
    camera_filter: CameraFilterOption = EvaluationFilterChoice.CROSS_CAMERA,
    average_precision: Annotated[
        AveragePrecisionChoice,
        typer.Option("--average-precision", help="trapezoid is Market-1501's own definition."),
    ] = AveragePrecisionChoice.MEAN,
    junk: Annotated[
        list[int] | None,
        typer.Option("--junk", help="Identity that does not count; may be repeated. Default: -1."),
    ] = None,
    flip: Flip = False,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 2,
    seed: Seed = 0,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Print mAP, Rank-1, 5, 10 and mINP; with --out write a report.

    Measures a data set (--data, --root) or two folders (--query, --gallery), each of images or of
    embeddings.
    """
    sides = _sides(data, root, query, gallery)
    _check_out(out, embeddings)
    how = Pass(model, device, batch_size, workers, flip, skip_unreadable)
    done, speed = embed_sides(sides, how)
    from reid_eval.evaluation import evaluate

    report = evaluate(
        done["query"],
        done["gallery"],
        metric=metric.value,
        camera_filter=camera_filter.value,
        average_precision=average_precision.value,
        junk_pids=(-1,) if junk is None else tuple(junk),
        device=device,
    )
    files: dict[str, str] = {}
    if out is not None:
        name = data or f"{query} against {gallery}"
        files = _write(out, done, report, name=name, seed=seed, embeddings=embeddings)
    _show(report, files, model=model, data=data, speed=speed, as_json=as_json)


def _sides(
    data: str, root: Path | None, query: Path | None, gallery: Path | None
) -> dict[str, Records | Embeddings]:
    folders = query is not None or gallery is not None
    if folders and (data or root is not None):
        raise ValueError("expected --data and --root, or --query and --gallery, not both")
    if folders:
        return open_sides(query, gallery, pids="required")
    if not data or root is None:
        raise ValueError("expected --data NAME --root FOLDER, or --query FOLDER --gallery FOLDER")
    from reid_data.datasets import load_dataset

    records = load_dataset(data, root)
    return {"query": records.split("query"), "gallery": records.split("gallery", "distractor")}


def _check_out(out: Path | None, embeddings: bool) -> None:
    if out is None:
        return
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; expected a folder to write to")
    if embeddings:
        from reid_eval.embeddings import check_target

        for name in ("query", "gallery"):
            check_target(out / name)


def _write(
    out: Path,
    done: dict[str, Embeddings],
    report: RetrievalReport,
    *,
    name: str,
    seed: int,
    embeddings: bool,
) -> dict[str, str]:
    from reid_eval.report import write_report

    out.mkdir(parents=True, exist_ok=True)
    files = {"report": report.save(out / _JSON), "page": out / _HTML}
    with progress("report", total=1) as advance:
        write_report(
            files["page"],
            query=done["query"],
            gallery=done["gallery"],
            report=report,
            facts={"Data": name},
            seed=seed,
        )
        advance(1)
    if embeddings:
        files |= {name: side.save(out / name) for name, side in done.items()}
    return {name: str(path) for name, path in files.items()}


def _show(
    report: RetrievalReport,
    files: dict[str, str],
    *,
    model: str,
    data: str,
    speed: float | None,
    as_json: bool,
) -> None:
    metrics = {row["metric"]: row["value"] for row in report.summary()}
    counts = {
        "queries": len(report.average_precision),
        "skipped": report.skipped,
        "gallery": report.protocol["gallery_size"],
    }
    payload: dict[str, Any] = {
        "data": data,
        "model": model,
        "metrics": metrics,
        **counts,
        "protocol": dict(report.protocol),
        "images_per_second": speed,
        "files": files,
    }
    rows = [{name: f"{value:.1%}" for name, value in metrics.items()}]
    title = f"{report.valid:,} queries, {counts['gallery']:,} gallery images"
    show(rows, title=title, as_json=as_json, payload=payload)
    for why, count in report.skipped.items():
        note(f"{count:,} queries were skipped: {why}")
    if speed:
        note(f"embedded {speed:,.0f} images/s")
    if "page" in files:
        note(f"report: {files['page']}")
