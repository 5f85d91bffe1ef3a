"""The verb `test`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_attr.options import AttributeSet, Images, Model, Part
from reid_data.console import (
    BatchSize,
    Data,
    Device,
    Json,
    Root,
    Seed,
    Workers,
    note,
    out_option,
    progress,
    require,
    show,
)

if TYPE_CHECKING:
    from reid_attr.metrics.report import AttributeReport
    from reid_attr.training.images import AttributeImages

__all__ = ["measure"]


def measure(
    model: Model,
    data: Data,
    root: Root,
    out: Annotated[Path | None, out_option("Folder for report.json and attributes.csv.")] = None,
    plots: Annotated[
        bool, typer.Option("--plots", help="Draw recalls and calibration into --out too.")
    ] = False,
    part: Part = "test",
    images: Images = None,
    attributes: AttributeSet = None,
    choose: Annotated[
        str | None,
        typer.Option(
            "--choose-thresholds",
            help="mA or F1: choose each attribute's threshold on the validation images.",
        ),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep-thresholds", help="Write the chosen thresholds into the model."),
    ] = False,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Measure a model: mA and all other figures, by attribute and overall, with intervals.

    An attribute holds above the model's own threshold, 0.5 if none was chosen in training; a model
    that was trained by softmax within groups is decoded by it.
    """
    _check(choose, keep=keep, plots=plots, out=out, model=model)
    from reid_attr.decoding import decide
    from reid_attr.metrics import attribute_report, choose_thresholds
    from reid_attr.models.checkpoint import set_thresholds
    from reid_attr.recognizer import load_recognizer
    from reid_attr.sources import split_of
    from reid_attr.training.images import load_images

    recognizer = load_recognizer(model, device=device)
    schema, about = recognizer.schema, recognizer.metadata or {}
    people = about.get("recipe", {}).get("data", {}).get("people")
    whole = load_images(
        data, root, schema=schema, images=images, people=people, attributes=attributes
    )
    wanted = split_of(whole, model, part)
    validation = split_of(whole, model, "validation") if choose else None

    def probabilities(chosen: AttributeImages) -> Any:
        with progress("recognising", len(chosen)) as advance:
            return recognizer.of_records(
                chosen.records, batch_size=batch_size, workers=workers, advance=advance
            )

    thresholds = list(recognizer.thresholds)
    if validation is not None:
        criterion: Any = choose
        scores = probabilities(validation)
        thresholds = choose_thresholds(validation.values, scores, criterion=criterion).tolist()
    scores = probabilities(wanted)
    softmax = recognizer.softmax
    holds = decide(scores, schema, thresholds=thresholds, by_group=softmax, softmax=softmax)
    pids = wanted.records.pids
    report = attribute_report(
        wanted.values, scores, holds, names=schema.names, pids=pids, seed=seed
    )
    if keep:
        set_thresholds(model, thresholds)
    if out is not None:
        report.save(out)
    if plots and out is not None:
        _plot(report, wanted.values, scores, out)
    _show(report, as_json=as_json, about={"part": part, "thresholds": thresholds})


def _check(choose: str | None, *, keep: bool, plots: bool, out: Path | None, model: Path) -> None:
    """Refuse what cannot work before anything is loaded."""
    if choose not in ("mA", "F1", None):
        raise ValueError(f"--choose-thresholds must be mA or F1; came {choose}")
    if keep and choose is None:
        raise ValueError("--keep-thresholds needs --choose-thresholds mA or F1")
    if keep and not model.is_dir():
        raise ValueError(f"--keep-thresholds writes into a checkpoint folder; {model} is none")
    if plots:
        if out is None:
            raise ValueError("--plots needs --out, the folder to draw into")
        require("matplotlib", extra="reid-attr[plots]", for_what="--plots")


def _plot(report: AttributeReport, values: Any, probabilities: Any, out: Path) -> None:
    from reid_attr.metrics.plots import plot_attributes, plot_calibration
    from reid_data.files import replacing

    figures = {
        "attributes.png": plot_attributes(report),
        "calibration.png": plot_calibration(values, probabilities),
    }
    for name, figure in figures.items():
        with replacing(out / name) as temporary:
            figure.savefig(temporary, format="png")


def _show(report: AttributeReport, *, as_json: bool, about: dict[str, Any]) -> None:
    rows = []
    for name, value in report.overall.items():
        interval = report.intervals.get(name)
        between = "" if interval is None else f"{interval.low:.4f} to {interval.high:.4f}"
        rows.append({"figure": name, "value": value, "95% interval": between})
    payload = report.to_dict() | about
    if not as_json:
        table = report.attributes[
            ["attribute", "positives", "recall_positive", "recall_negative", "mA", "AP", "ECE"]
        ]
        lines: list[Any] = table.to_dict("records")
        show(lines, title=f"{report.images} images")
        if report.left_out:
            names = ", ".join(report.left_out)
            note(f"not in any mean, for want of positives or negatives: {names}")
    show(rows, title="Overall", as_json=as_json, payload=payload)
