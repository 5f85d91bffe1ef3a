"""Does the octuplet recipe make a trained network robust to low resolution, at no cost elsewhere?

    python benchmarks/low_resolution.py [--scale 1] [--seeds 3] [--work FOLDER] [--out FILE.json]

For every seed people are rendered anew, a small network is trained on some of them with the recipe
``small`` (the baseline's losses), and it is finetuned with the recipe ``octuplet``, of which only
the size of the images and their augmentation are changed, to those of the network. Both are asked
to find the other people: their images as they are and reduced by 4, in a gallery of images as they
are. The table says by how much finetuning changes the mAP, over the queries of all seeds, with the
95 % bootstrap interval over identities of the difference on the same queries. With ``--work`` what
is finished is kept, and a second call goes on.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import arguments, machine, save, show

from reid_core import load_model
from reid_core.training import Recipe, RunFolder, load_recipe, run_model, train
from reid_core.training.finetuning import architecture_of
from reid_data import Records, load_dataset, synthesize
from reid_eval import RetrievalReport, embed, evaluate, load_embedder
from reid_eval.robustness import Level, embed_degraded
from reid_eval.statistics import bootstrap_intervals

FACTOR = 4
AUGMENTATION = "data.augmentation={flip: 0.5, pad: 5, erase: 0.0}"
QUERIES = {"as they are": None, f"reduced by {FACTOR}": Level("lowres", FACTOR)}


@dataclass(frozen=True)
class Size:
    """How much is rendered and trained."""

    people: int
    tested: int
    epochs: int
    finetuning: int

    @classmethod
    def scaled(cls, share: float) -> Size:
        """A share of the full size that still runs."""
        return cls(
            people=max(16, round(160 * share)),
            tested=max(8, round(100 * share)),
            epochs=max(2, round(26 * share)),
            finetuning=max(1, round(10 * share)),
        )


def rendered(folder: Path, size: Size, seed: int) -> Records:
    """People whom no other seed has."""
    if not folder.is_dir():
        synthesize(
            folder,
            identities=size.people,
            test_identities=size.tested,
            cameras=4,
            images_per_camera=2,
            distractors=50,
            seed=1000 + seed,
        )
    return load_dataset("market1501", folder)


def trained(folder: Path, recipe: Recipe, records: Records, seed: int, **options: Any) -> Path:
    """A training, gone on with if it was interrupted."""
    resume = RunFolder(folder).begun
    train(recipe, records, out=folder, seed=seed, device="cpu", workers=0, resume=resume, **options)
    return folder


def networks(folder: Path, records: Records, size: Size, seed: int) -> dict[str, Path]:
    """The network before and after finetuning; the last epoch of each, no identity held out."""
    shared = ("evaluation.val_identities=0", "logging.tensorboard=false")
    before = load_recipe("small", [*shared, f"schedule.epochs={size.epochs}"])
    base = trained(folder / "before", before, records, seed)
    network = (*architecture_of(base), AUGMENTATION, f"schedule.epochs={size.finetuning}")
    after = load_recipe("octuplet", [*network, *shared], scale=FACTOR)
    return {
        "before": base,
        "after": trained(folder / "after", after, records, seed, init_from=base),
    }


def asked(checkpoint: Path, records: Records) -> dict[str, RetrievalReport]:
    """How well the network finds people, by what happened to the queries."""
    embedder = load_embedder(checkpoint, device="cpu")
    query = embed(embedder, records.split("query"), workers=0)
    gallery = embed(embedder, records.split("gallery", "distractor"), workers=0)
    model = load_model(checkpoint)
    reports = {}
    for name, level in QUERIES.items():
        side = query
        if level is not None:
            side = embed_degraded(
                lambda images: run_model(model, images).embedding,
                query,
                level,
                image_size=model.preprocessing.image_size,
                device=torch.device("cpu"),
            )
        reports[name] = evaluate(side, gallery)
    return reports


def of_seed(folder: Path, size: Size, seed: int) -> dict[str, Any]:
    """Average precision of every query before and after, and whose it is."""
    records = rendered(folder / f"people_{seed}", size, seed)
    found = {
        name: asked(checkpoint, records)
        for name, checkpoint in networks(folder / f"seed_{seed}", records, size, seed).items()
    }
    pids = records.split("query").pids + 100_000 * seed
    return {"pids": pids, **found}


def rows_of(seeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each kind of queries."""
    pids = np.concatenate([seed["pids"] for seed in seeds])
    rows = []
    for name in QUERIES:
        before, after = (
            np.concatenate([seed[when][name].average_precision for seed in seeds])
            for when in ("before", "after")
        )
        interval = bootstrap_intervals((after - before)[:, None], pids, seed=0)[0]
        rows.append(
            {
                "queries": name,
                "mAP before": float(before.mean()),
                "mAP after": float(after.mean()),
                "change": interval.value,
                "from": interval.low,
                "to": interval.high,
                **{
                    f"seed {number}": seed["after"][name].mAP - seed["before"][name].mAP
                    for number, seed in enumerate(seeds)
                },
            }
        )
    return rows


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="trainings, each of other people")
    parser.add_argument("--work", type=Path, help="folder that keeps what is finished")
    options = parser.parse_args()
    size = Size.scaled(options.scale)
    with tempfile.TemporaryDirectory() as temporary:
        run = partial(of_seed, options.work or Path(temporary), size)
        rows = rows_of([run(seed) for seed in range(options.seeds)])
    full, low = rows
    holds = {"low rises": low["from"] > 0, "full falls by at most a point": full["change"] > -0.01}
    show(f"Finetuning with octuplet, {options.seeds} seeds, {size}", rows)
    show("", [{"claim": claim, "holds": str(value)} for claim, value in holds.items()])
    save(
        options.out,
        {
            "machine": machine("torch", "timm", "lightning"),
            "size": vars(size),
            "seeds": options.seeds,
            "results": rows,
            "holds": holds,
        },
    )


if __name__ == "__main__":
    main()
