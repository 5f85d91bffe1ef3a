"""``reid-gen train-gcn`` and ``test-gcn``: learn the links of a graph, and measure them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import BatchSize, Device, Json, Out, Seed, progress, require, show

__all__ = ["measure_gcn", "train_gcn"]

_Graph = Annotated[Path, typer.Option("--graph", help="Folder that reid-gen graph wrote.")]


def train_gcn(
    graph: _Graph,
    out: Out,
    near: Annotated[int, typer.Option("--near", min=1, help="k1, neighbours judged.")] = 40,
    far: Annotated[int, typer.Option("--far", min=1, help="k2, neighbours of each of them.")] = 5,
    edges: Annotated[int, typer.Option("--edges", min=1, help="u, edges of each node.")] = 5,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the pivots.")] = 4,
    learning_rate: Annotated[float, typer.Option("--lr", help="Of SGD at the start.")] = 0.01,
    batch_size: BatchSize = 16,
    seed: Seed = 0,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Train the link network on the real images and planted corruptions of a graph."""
    from reid_eval import resolve_device
    from reid_gen.purifying.gcn_files import TrainedGCN, save_gcn
    from reid_gen.purifying.graph_files import load_graph
    from reid_gen.purifying.subgraphs import Hops

    where, found, hops = resolve_device(device), load_graph(graph), Hops(near, far, edges)
    require("lightning", extra="reid-core[train]", for_what="reid-gen train-gcn")
    from reid_gen.purifying.gcn_training import GcnTraining, train_gcn

    lessons = found.lessons
    settings = GcnTraining(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed
    )
    with progress("training", total=epochs * -(-len(lessons) // batch_size)) as advance:
        network, losses = train_gcn(
            found.graph, lessons, hops=hops, settings=settings, device=where, advance=advance
        )
    pids = sorted({int(pid) for pid in found.graph.pids[lessons] if pid >= 0})
    facts = {
        "fingerprint": found.fingerprint,
        "fold": found.facts.get("fold"),
        "losses": losses,
        "pids": pids,
    }
    save_gcn(TrainedGCN(network, hops, facts), out)
    row = {"gcn": str(out), "pivots": len(lessons), "identities": len(pids), "loss": losses[-1]}
    show([row], as_json=as_json, payload={**row, "losses": losses})


def measure_gcn(
    graph: _Graph,
    gcn: Annotated[Path, typer.Option("--gcn", help="Folder that reid-gen train-gcn wrote.")],
    threshold: Annotated[
        float, typer.Option("--threshold", min=0, max=1, help="Links from here on count.")
    ] = 0.5,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure links and clusters on the real images of a graph that do not teach its GCN."""
    from dataclasses import asdict

    from reid_eval import resolve_device
    from reid_gen.purifying.deciding import check_gcn
    from reid_gen.purifying.gcn_files import load_gcn
    from reid_gen.purifying.graph_files import load_graph
    from reid_gen.purifying.measuring import measure_links

    where, found = resolve_device(device), load_graph(graph)
    trained = load_gcn(gcn, device=where)
    check_gcn(found, trained)
    with progress("links", total=len(found.anchors)) as advance:
        scores = measure_links(
            found,
            trained,
            threshold=threshold,
            batch_size=batch_size,
            device=where,
            advance=advance,
        )
    values = asdict(scores)
    rows = [
        {"measure": name.replace("_", " "), "": f"{value:.4g}"} for name, value in values.items()
    ]
    show(rows, as_json=as_json, payload=values)
