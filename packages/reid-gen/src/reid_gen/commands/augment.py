"""``reid-gen augment``: does training on generated images help, and do the purified ones more?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reid_data.console import (
    Data,
    Device,
    Json,
    LoaderWorkers,
    Out,
    Overrides,
    Root,
    Seed,
    note,
    progress,
    show,
)

if TYPE_CHECKING:
    from reid_data import Records

__all__ = ["augment"]


def augment(
    data: Data,
    root: Root,
    out: Out,
    generated: Annotated[Path, typer.Option("--generated", help="The whole generated set.")],
    purified: Annotated[Path, typer.Option("--purified", help="What reid-gen purify kept of it.")],
    cosine: Annotated[
        Path | None, typer.Option("--cosine", help="What purify --rule cosine kept of it.")
    ] = None,
    recipe: Annotated[
        list[str], typer.Option("--recipe", help="Of reid-core; several are compared in turn.")
    ] = ["baseline"],  # noqa: B006 - typer reads it, nothing changes it
    overrides: Overrides = [],  # noqa: B006 - as above
    ratio: Annotated[
        float, typer.Option("--ratio", help="Generated images in a batch for each real one.")
    ] = 0.5,
    weight: Annotated[
        float, typer.Option("--weight", help="Of the loss of generated images' identities.")
    ] = 0.5,
    labels: Annotated[
        Literal["hard", "smoothed", "lsro"],
        typer.Option(
            "--labels", help="Whom they show: the person claimed, mostly that one, or everybody."
        ),
    ] = "smoothed",
    compare: Annotated[
        bool, typer.Option("--compare", help="Triplets and their like see generated images too.")
    ] = False,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Trainings of each arm.")] = 3,
    init_from: Annotated[
        Path | None, typer.Option("--init-from", help="Checkpoint that every training begins with.")
    ] = None,
    seed: Seed = 0,
    device: Device = "auto",
    workers: LoaderWorkers = "auto",
    as_json: Json = False,
) -> None:
    """Train on real images alone, and with all, random, cosine-filtered or purified generated ones.

    The random subset is as large as the purified set. Every network is tested on the real query and
    gallery images. The same command again goes on where it was interrupted.
    """
    from dataclasses import asdict

    from reid_core.training.loop.progress import TrainingProgress
    from reid_data import load_dataset
    from reid_gen.augmenting.arms import GeneratedSets
    from reid_gen.augmenting.comparing import compare_arms, table_of_arms
    from reid_gen.augmenting.recipes import Mixing
    from reid_gen.manifest import as_records, read_manifest

    def read(folder: Path) -> Records:
        return as_records(read_manifest(folder), folder)

    sets = GeneratedSets(read(generated), read(purified), None if cosine is None else read(cosine))
    tested = compare_arms(
        recipe,
        load_dataset(data, root),
        sets,
        out=out,
        mixing=Mixing(ratio, weight, labels, compare),
        overrides=overrides,
        seeds=range(seed, seed + seeds),
        init_from=init_from,
        device=device,
        workers=workers,
        callbacks=lambda: [TrainingProgress(progress)],
        note=note,
    )
    if cosine is None:
        note("without --cosine that arm was left out; reid-gen purify --rule cosine makes its set")
    rows = table_of_arms(tested)
    payload = {"arms": rows, "runs": [asdict(one) for one in tested]}
    show(rows, title=f"{data}, tested on real images", as_json=as_json, payload=payload)
