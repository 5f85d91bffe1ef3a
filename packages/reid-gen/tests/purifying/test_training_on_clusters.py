"""reid-core trains on the clusters of the graph, which it finds by its registered name."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor

from reid_core.training import Recipe, load_recipe, train
from reid_data import Records
from reid_eval import embed, load_embedder
from reid_gen.purifying import (
    GcnTraining,
    Hops,
    TrainedGCN,
    build_graph,
    cluster_graph,
    save_gcn,
    train_gcn,
)

CUT = (
    "data.image_size=[32, 16]",
    "data.augmentation={flip: 0.5, pad: 2, erase: 0}",
    "data.identities_per_batch=8",
    "data.images_per_identity=4",
    "model={name: timm:test_resnet, last_stride: 2}",
    "loss.cluster_memory.temperature=0.1",
    "optimizer={lr: 1e-3}",
    "schedule.epochs=4",
    "logging.tensorboard=false",
    "compute.precision=fp32",
    "data.pseudo_labels.clusterer=graph",
)
HOPS = Hops(8, 3, 3)


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """Twenty people, each a colour under much noise, six images each."""
    folder = tmp_path_factory.mktemp("colours")
    generator = np.random.default_rng(5)
    rows = []
    for pid in range(20):
        colour = generator.integers(0, 255, 3)
        for shot in range(6):
            pixels = colour + generator.normal(0, 50, (32, 16, 3))
            path = f"{pid:02d}_{shot}.png"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / path)
            rows.append({"path": path, "pid": pid, "camid": shot % 2, "split": "train"})
    return Records(pd.DataFrame(rows), folder)


def run(recipe: Recipe, records: Records, out: Path) -> list[dict[str, str]]:
    """Train; gives what was logged of each epoch."""
    train(recipe, records, out=out, device="cpu", workers=0, seed=1)
    if not (out / "metrics.csv").is_file():
        return []
    with (out / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def seen(colours: Records, tmp_path_factory: pytest.TempPathFactory) -> Tensor:
    """What the network tells apart before it has learned anything."""
    untrained = tmp_path_factory.mktemp("untrained") / "out"
    run(load_recipe("cluster-contrast", [*CUT, "schedule.epochs=0"]), colours, untrained)
    return torch.tensor(embed(load_embedder(untrained, device="cpu"), colours).features)


def same_clusters(logged: dict[str, str], labels: Tensor) -> bool:
    """Whether an epoch was trained on as many clusters, and without as many images."""
    clusters, outliers = len(labels[labels >= 0].unique()), int((labels < 0).sum())
    return (float(logged["clusters"]), float(logged["outliers"])) == (clusters, outliers)


@pytest.mark.slow
def test_a_training_sees_the_clusters_that_the_graph_makes(
    colours: Records, seen: Tensor, tmp_path: Path
) -> None:
    units = torch.nn.functional.normalize(seen, dim=1)
    # As near as the third neighbour of every other image is.
    third = float((units @ units.T).topk(4).values[:, 3].median())
    options = {"k": 8, "threshold": round(third, 4)}
    more = (f"data.pseudo_labels.options={options}", "schedule.epochs=1")
    (logged,) = run(load_recipe("cluster-contrast", [*CUT, *more]), colours, tmp_path / "out")
    assert same_clusters(logged, cluster_graph(seen, **options))


@pytest.mark.slow
def test_a_training_on_the_clusters_of_a_link_network_makes_them_purer(
    colours: Records, seen: Tensor, tmp_path: Path
) -> None:
    graph = build_graph(seen, torch.tensor(colours.pids), k=HOPS.needs)
    settings = GcnTraining(epochs=10, decay=0.9, widths=(32, 32))
    network, _ = train_gcn(graph, torch.arange(len(seen)), hops=HOPS, settings=settings)
    folder = save_gcn(TrainedGCN(network, HOPS, {}), tmp_path / "gcn")
    options = {"gcn": str(folder), "threshold": 0.6}
    recipe = load_recipe("cluster-contrast", [*CUT, f"data.pseudo_labels.options={options}"])
    first, *_, last = run(recipe, colours, tmp_path / "trained")
    assert same_clusters(first, cluster_graph(seen, **options))
    assert float(last["purity"]) > float(first["purity"]) + 0.05
