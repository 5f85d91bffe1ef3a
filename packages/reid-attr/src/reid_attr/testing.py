"""The verb `test`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_attr.options import AttributeSet, Images, Model
from reid_data.console import (
    BatchSize,
    Data,
    Device,
    Json,
    Root,
    Seed,
    Workers,
    note,
    progress,
    show,
)

if TYPE_CHECKING:
    from reid_attr.metrics.report import AttributeReport
    from reid_attr.training.images import AttributeImages

__all__ = ["measure"]

_PARTS = {"test": "gallery", "validation": "val", "train": "train"}


def measure(
    model: Model,
    data: Data,
    root: Root,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for report.json and attributes.csv.")
    ] = None,
    part: Annotated[
        str, typer.Option("--part", help="test, validation, train, or all images.")
    ] = "test",
    images: Images = None,
    attributes: AttributeSet = None,
    choose: Annotated[
        str | None,
        typer.Option(
            "--choose-thresholds",
            help="mA or F1: choose each attribute's threshold on the validation images.",
        ),
    ] = None,
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Measure a model: mA and all other figures, by attribute and overall, with intervals."""
    from reid_attr.decoding import decide, probabilities_of
    from reid_attr.metrics import attribute_report, choose_thresholds
    from reid_attr.models import load_attribute_model, read_attribute_checkpoint
    from reid_attr.recognition import recognize
    from reid_attr.training.images import load_images
    from reid_eval.embedders import resolve_device

    for option, value, known in (
        ("--part", part, (*_PARTS, "all")),
        ("--choose-thresholds", choose, ("mA", "F1", None)),
    ):
        if value not in known:
            raise ValueError(f"{option} must be one of {', '.join(map(str, known))}; came {value}")
    about, place = read_attribute_checkpoint(model), resolve_device(device)
    people = about.metadata.get("recipe", {}).get("data", {}).get("people")
    whole = load_images(
        data, root, schema=about.schema, images=images, people=people, attributes=attributes
    )
    wanted = _part(whole, model, part)
    validation = _part(whole, model, "validation") if choose else None
    network = load_attribute_model(model)

    def probabilities(chosen: AttributeImages) -> Any:
        import torch

        with progress("recognising", len(chosen)) as advance:
            logits = recognize(
                network,
                chosen.records,
                device=place,
                batch_size=batch_size,
                workers=workers,
                advance=advance,
            )
        return probabilities_of(
            torch.from_numpy(logits), about.schema, softmax=about.softmax
        ).numpy()

    thresholds = list(about.thresholds)
    if validation is not None:
        criterion: Any = choose
        scores = probabilities(validation)
        thresholds = choose_thresholds(validation.values, scores, criterion=criterion).tolist()
    scores = probabilities(wanted)
    holds = decide(
        scores,
        about.schema,
        thresholds=thresholds,
        by_group=about.softmax and validation is None,
        softmax=about.softmax,
    )
    pids = wanted.records.pids
    report = attribute_report(
        wanted.values, scores, holds, names=about.schema.names, pids=pids, seed=seed
    )
    if out is not None:
        report.save(out)
    _show(report, as_json=as_json, about={"part": part, "thresholds": thresholds})


def _part(whole: AttributeImages, model: Path, part: str) -> AttributeImages:
    """Of a data set that publishes no such part, what the training left for it."""
    from reid_attr.training.division import read_division

    if part == "all":
        return whole
    found = whole.split(_PARTS[part])
    division = model / "division.csv"
    if division.is_file() and not (part == "test" and len(found)):
        found = read_division(division, whole, part)
    if not len(found):
        raise ValueError(f"the data has no part {part}; take --part all, or another table")
    return found


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
