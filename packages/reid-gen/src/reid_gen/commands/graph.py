"""``reid-gen graph``: embeddings and their neighbours, on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import (
    BatchSize,
    Data,
    Device,
    Json,
    LoaderWorkers,
    Out,
    Root,
    Seed,
    note,
    progress,
    show,
)

__all__ = ["graph"]


def graph(
    data: Data,
    root: Root,
    out: Out,
    model: Annotated[str, typer.Option("--model", help="Re-ID model, as for reid-eval embed.")],
    generated: Annotated[
        Path | None, typer.Option("--generated", help="Generated set with its manifest.")
    ] = None,
    fold: Annotated[
        str,
        typer.Option(
            "--fold", metavar="I/N", help="Judge fold I of N identity folds; see --write-folds."
        ),
    ] = "",
    write_folds: Annotated[
        Path | None,
        typer.Option("--write-folds", help="Only write who trains the fold's re-ID model, as CSV."),
    ] = None,
    neighbours: Annotated[int, typer.Option("--neighbours", min=1, help="Of each image.")] = 40,
    plant: Annotated[
        float,
        typer.Option("--plant", min=0, max=1, help="Share of corrupted copies to learn from."),
    ] = 0.25,
    seed: Seed = 0,
    device: Device = "auto",
    batch_size: BatchSize = 64,
    workers: LoaderWorkers = "auto",
    as_json: Json = False,
) -> None:
    """Embed real and generated images and connect each with the nearest real ones.

    With --fold the re-ID model must not know the identities of the graph: --write-folds writes
    the images that it may be trained on, for `reid-core train --data csv --root FILE.csv`.
    """
    from reid_data import load_dataset
    from reid_gen.purifying.making import extractor_lessons, make_graph

    real = load_dataset(data, root).split("train")
    if write_folds is not None:
        lessons = extractor_lessons(real, fold=fold, seed=seed)
        if not lessons.root.resolve().is_relative_to(write_folds.parent.resolve()):
            raise ValueError(
                f"--write-folds: expected a file in {root} or above, came {write_folds}"
            )
        lessons.relative_to(write_folds.parent).to_csv(write_folds)
        note(f"wrote {len(lessons)} images to {write_folds}")
        return
    from reid_eval import load_embedder
    from reid_gen.manifest import as_records, read_manifest
    from reid_gen.purifying.graph_files import save_graph

    fakes = None if generated is None else as_records(read_manifest(generated), generated)
    if not fold:
        note("without --fold the GCN learns from the identities that it judges (no cross-fitting)")
    embedder = load_embedder(model, device=device)
    with progress("embedding", total=None) as advance:
        found = make_graph(
            embedder,
            real,
            generated=fakes,
            fold=fold or None,
            neighbours=neighbours,
            plant=plant,
            seed=seed,
            batch_size=batch_size,
            workers=workers,
            advance=advance,
        )
    save_graph(found, out)
    counts = found.embeddings.table["role"].value_counts()
    nodes = {role: int(counts.get(role, 0)) for role in ("real", "planted", "generated")}
    row = {"graph": str(out), **nodes, "neighbours": neighbours, "fold": fold or "none"}
    show([row], as_json=as_json, payload=row)
