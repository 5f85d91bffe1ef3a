"""Attributes on rendered people: which loss helps what, and which parts of a network to fine-tune.

    python benchmarks/attributes.py [--scale 1] [--seeds 3] [--work FOLDER] [--out attributes.json]

Two tables, measured on people that no network has seen. The first trains one small single-trunk
network from scratch with each improvement of the loss, one at a time against plain binary
cross-entropy, and all together. The second takes a small C2T-Net that was trained on people in
other light and fine-tunes each part of it on few people of the new light. A figure is the mean over
the seeds of training, which also divide the training people anew; beside it how far it lies from
the first row of its table, and in how many seeds it lies that way. Rare attributes are those that
fewer than 5 % of the training images have.

With a FOLDER, what is finished stays there; the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from _report import arguments, machine, save, show

from reid_attr import attribute_report, choose_thresholds, decide, load_schema
from reid_attr.models import count_parameters
from reid_attr.recognizer import Recognizer, load_recognizer
from reid_attr.training import (
    AttributeImages,
    build_attribute_model,
    load_images,
    load_recipe,
    read_division,
    train_attributes,
)
from reid_data import synthesize
from reid_data.synth import Difficulty

PEOPLE = r"_(\d+)\.jpg"
SIZE = (64, 32)
RARE = 0.05
COMMON = [
    f"data.image_size=[{SIZE[0]}, {SIZE[1]}]",
    "data.augmentation.pad=2",
    f"data.people='{PEOPLE}'",
    "loss.weighting=none",
    "precision=fp32",
]
SINGLE = [
    "model.name=timm:test_resnet",
    "optimizer.lr=3e-3",
    "optimizer.head_lr=3e-3",
    "schedule.epochs=10",
    "schedule.warmup_epochs=1",
]
LOSSES: dict[str, list[str]] = {
    "plain": [],
    "weights, exponential": ["loss.weighting=exponential"],
    "weights, square root": ["loss.weighting=square-root"],
    "categorical": ["loss.kind=categorical"],
    "logit updating": ["loss.logit_updating=true"],
    "GradNorm": ["loss.gradnorm=true"],
    "focal": ["loss.kind=focal"],
    "asymmetric": ["loss.kind=asymmetric"],
    "weights + logit updating": ["loss.weighting=exponential", "loss.logit_updating=true"],
    "all that combine": [
        "loss.kind=categorical",
        "loss.weighting=exponential",
        "loss.logit_updating=true",
        "loss.gradnorm=true",
    ],
}
FUSED = ["model.adapter=8", "loss.weighting=exponential"]
TUNING = ["schedule.epochs=10", "schedule.warmup_epochs=1"]
# Few parameters take larger steps than a whole network stands.
MODES: dict[str, list[str]] = {
    "from scratch": [],
    "full": ["optimizer.lr=3e-4", "optimizer.head_lr=3e-4"],
    "partial": ["optimizer.head_lr=1e-3"],
    "cross-fusion": ["optimizer.head_lr=1e-3"],
    "head": ["optimizer.head_lr=3e-3"],
    "adapter": ["optimizer.head_lr=1e-2"],
}
FIGURES = (
    "mA",
    "mA, rare",
    "found, rare",
    "found",
    "not mistaken",
    "F1",
    "mAP",
    "ECE",
    "mA, thresholds",
)


def rendered(folder: Path, *, identities: int, shift: float, seed: int) -> Path:
    """People in UPAR's layout, once."""
    if not (folder / "records.csv").is_file():
        synthesize(
            folder,
            layout="upar",
            identities=identities,
            test_identities=max(40, identities // 2),
            cameras=4,
            images_per_camera=1,
            difficulty=Difficulty(camera_shift=shift),
            height=SIZE[0],
            width=SIZE[1],
            seed=seed,
        )
    return folder


def images_of(root: Path, part: str) -> AttributeImages:
    """The published table of a part of rendered people."""
    table = {"train": "train/train.csv", "test": "test/test.csv"}[part]
    return load_images(
        "upar", root / "phase1" / table, schema=load_schema("upar"), images=root, people=PEOPLE
    )


def figures(
    recognizer: Recognizer,
    images: AttributeImages,
    division: Path | None,
    test: AttributeImages,
) -> dict[str, float]:
    """What a trained network does on people that it has not seen."""
    schema, softmax = recognizer.schema, recognizer.softmax

    def report(thresholds: Sequence[float] | None) -> Any:
        holds = decide(scores, schema, thresholds=thresholds, by_group=softmax, softmax=softmax)
        return attribute_report(test.values, scores, holds, names=schema.names)

    scores = recognizer.of_records(test.records)
    found = report(None)
    share = (images.values == 1).mean(axis=0)
    rare = found.attributes[(share < RARE) & (found.attributes["positives"] > 0).to_numpy()]
    values = {
        "mA": found.overall["mA"],
        "mA, rare": float(rare["mA"].mean()),
        "found, rare": float(rare["recall_positive"].mean()),
        "found": found.overall["recall_positive"],
        "not mistaken": found.overall["recall_negative"],
        "F1": found.overall["F1"],
        "mAP": found.overall["mAP"],
        "ECE": found.overall["ECE"],
    }
    if division is not None:
        validation = read_division(division, images, "validation")
        chosen = choose_thresholds(validation.values, recognizer.of_records(validation.records))
        values["mA, thresholds"] = report(chosen.tolist()).overall["mA"]
    return values


def finished(
    folder: Path,
    overrides: Sequence[str],
    images: AttributeImages,
    test: AttributeImages,
    *,
    seed: int,
    init_from: Path | None = None,
) -> dict[str, float]:
    """Train and measure, or read what an earlier run of this benchmark has found."""
    result = folder / "figures.json"
    if not result.is_file():
        started = time.process_time()
        recipe = load_recipe("small", [*COMMON, *overrides])
        train_attributes(
            recipe,
            images,
            out=folder,
            seed=seed,
            device="cpu",
            resume=(folder / "training" / "run.json").is_file(),
            init_from=init_from,
        )
        values = figures(
            load_recognizer(folder, device="cpu"), images, folder / "division.csv", test
        )
        values["seconds"] = time.process_time() - started
        result.write_text(json.dumps(values))
    found: dict[str, float] = json.loads(result.read_text())
    return found


def table(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> list[dict[str, Any]]:
    """A row a way: means over the seeds, and how mA differs from the first row's."""
    first = next(iter(runs.values()))
    rows = []
    for name, seeds in runs.items():
        row: dict[str, Any] = {"": name}
        for figure in FIGURES:
            values = [100 * run[figure] for run in seeds if figure in run]
            row[figure] = mean(values) if values else ""
        for figure in ("mA", "mA, rare"):
            better = [
                100 * (one[figure] - other[figure])
                for one, other in zip(seeds, first, strict=False)
            ]
            way = sum(np.sign(value) == np.sign(mean(better)) for value in better)
            row[f"{figure} gains"] = (
                "" if seeds is first else f"{mean(better):+.1f} ({way}/{len(better)})"
            )
        rows.append(row)
    return rows


def losses(work: Path, scale: float, seeds: int) -> list[dict[str, Any]]:
    """The first table."""
    root = rendered(work / "people", identities=max(40, round(480 * scale)), shift=1.0, seed=0)
    images, test = images_of(root, "train"), images_of(root, "test")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in LOSSES}
    for seed in range(seeds):
        for name, overrides in LOSSES.items():
            folder = work / "losses" / f"{name.replace(' ', '-').replace(',', '')}-{seed}"
            chosen = [*SINGLE, *overrides]
            runs[name].append(finished(folder, chosen, images, test, seed=seed))
    return table(runs)


def tuning(work: Path, scale: float, seeds: int) -> list[dict[str, Any]]:
    """The second table."""
    other = rendered(work / "people", identities=max(40, round(480 * scale)), shift=1.0, seed=0)
    few = rendered(work / "new-light", identities=max(40, round(80 * scale)), shift=3.0, seed=1)
    images, test = images_of(few, "train"), images_of(few, "test")
    base = work / "tuning" / "base"
    trained = [*FUSED, "schedule.epochs=16", "schedule.warmup_epochs=1"]
    finished(base, trained, images_of(other, "train"), test, seed=0)
    before = figures(load_recognizer(base, device="cpu"), images, None, test)
    runs: dict[str, list[dict[str, float]]] = {"as it was": [before] * seeds}
    for name, overrides in MODES.items():
        scratch = name == "from scratch"
        mode = [] if scratch else [f"finetune={name}"]
        runs[name] = [
            finished(
                work / "tuning" / f"{name.replace(' ', '-')}-{seed}",
                [*FUSED, *TUNING, *mode, *overrides],
                images,
                test,
                seed=seed,
                init_from=None if scratch else base,
            )
            for seed in range(seeds)
        ]
    rows = table(runs)
    for row in rows:
        mode = [] if row[""] in ("as it was", "from scratch") else [f"finetune={row['']}"]
        network = build_attribute_model(load_recipe("small", [*COMMON, *FUSED, *mode]), seed=0)
        row["learn"] = 0 if row[""] == "as it was" else count_parameters(network)[-1].trainable
    return rows


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--work", type=Path, help="folder for what is finished; none: forget it")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as forgotten:
        measure(options.work or Path(forgotten), options)


def measure(work: Path, options: argparse.Namespace) -> None:
    """Both tables."""
    started = time.perf_counter()
    found: dict[str, Any] = {"machine": machine("torch", "timm", "lightning")}
    found |= {"scale": options.scale, "seeds": options.seeds}
    found["losses"] = losses(work, options.scale, options.seeds)
    show("What each improvement of the loss does, %", found["losses"])
    found["fine-tuning"] = tuning(work, options.scale, options.seeds)
    show("What fine-tuning each part does, %", found["fine-tuning"])
    save(options.out, found | {"seconds": time.perf_counter() - started})


if __name__ == "__main__":
    main()
