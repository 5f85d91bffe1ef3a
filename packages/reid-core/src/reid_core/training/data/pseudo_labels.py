"""Labels that the network gives the images itself, anew before each epoch."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from reid_core.training.data.clusterers import Clusterer
from reid_core.training.loop.gathering import processes
from reid_core.training.loop.module import ReidModule
from reid_core.training.loop.validation import gathered_rows
from reid_core.training.terms import Term
from reid_data import ImageLoader, Records, eval_loader
from reid_data.records import Ids
from reid_data.workers import WorkerCount

__all__ = ["EpochLabels", "labels_from_file"]


class EpochLabels(Callback):
    """Embeds the training images before each epoch, clusters them, and tells the terms.

    Every process embeds its share; one of them clusters for all. The same network gives the same
    labels, so a resumed training goes on with those that it would have had.

    Args:
        module: what is trained.
        terms: those that want the features of all images, by name.
        clusterer: gives the labels; none: images keep those of their identities.
        identities_per_batch: clusters that are needed at least.
        batch_size: images embedded at once.
        workers: loader processes.
    """

    def __init__(
        self,
        module: ReidModule,
        terms: Mapping[str, Term],
        *,
        clusterer: Clusterer | None,
        identities_per_batch: int,
        batch_size: int,
        workers: WorkerCount = 0,
    ) -> None:
        self._module = module
        self._terms = dict(terms)
        self._clusterer = clusterer
        self._needed = identities_per_batch
        self._batch_size = batch_size
        self._workers: WorkerCount = workers
        self._figures: dict[str, float] = {}

    def __call__(self, records: Records) -> Records:
        """The records with the labels of the epoch about to begin, -1 for outliers.

        Raises:
            ValueError: the clustering found too few clusters for a batch; says what to change.
        """
        layers = {getattr(term, "layer", "embedding") for term in self._terms.values()}
        features = self._features(records, sorted({"embedding", *layers}))
        if self._clusterer is None:
            labels = torch.from_numpy(records.relabel().labels.copy())
        else:
            labels = self._clusters(self._clusterer, features["embedding"])
            # Said, and used for nothing.
            self._figures |= _purity(labels.numpy(), records.pids)
        for term in self._terms.values():
            layer = getattr(term, "layer", "embedding")
            device = self._module.device
            term.start_epoch(features[layer].to(device), labels.to(device))
        return Records(records.table.assign(label=labels.numpy()), records.root, records.info)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log how many clusters there were, how many images in none, and how pure they were."""
        for name, value in self._figures.items():
            pl_module.log(name, torch.tensor(value, dtype=torch.float64))

    def _features(self, records: Records, layers: Sequence[str]) -> dict[str, Tensor]:
        """Every image's features (N, D) of some layers, on the CPU, in the order of the records."""
        trainer = self._module.trainer
        # As many on each process, some images twice: a network of shares needs all at every call.
        count, world = len(records), trainer.world_size
        rows = (np.arange(-(-count // world)) * world + trainer.global_rank) % count
        loader = eval_loader(
            records.take(rows),
            image_size=self._module.trained[0].preprocessing.image_size,
            batch_size=self._batch_size,
            workers=self._workers,
            pin_memory=self._module.device.type == "cuda",
        )
        gathered = {}
        for layer, values in self._embedded(loader, layers).items():
            features, order = gathered_rows(values, torch.from_numpy(rows))
            gathered[layer] = features.new_empty(count, features.shape[1])
            gathered[layer][order] = features
        return gathered

    @torch.no_grad()
    def _embedded(self, loader: ImageLoader, layers: Sequence[str]) -> dict[str, Tensor]:
        """What the network, as the first process has it, says in evaluation mode."""
        module = self._module
        module.share_buffers()
        found: dict[str, list[Tensor]] = {layer: [] for layer in layers}
        modes = [(part, part.training) for part in module.modules()]
        module.eval()
        try:
            with module.trainer.precision_plugin.forward_context():
                for batch in loader:
                    moved = batch.to(module.device, non_blocking=True)
                    output = module(moved.images, moved.camids)
                    for layer, values in found.items():
                        values.append(getattr(output, layer).float().cpu())
        finally:
            for part, mode in modes:
                part.training = mode
        return {layer: torch.cat(values) for layer, values in found.items()}

    def _clusters(self, clusterer: Clusterer, features: Tensor) -> Tensor:
        """The same clusters on every process, 0 .. C-1 without gaps."""
        box: list[Any] = [None]
        if self._module.trainer.is_global_zero:
            box = [_numbered(clusterer(features), len(features))]
        if processes() > 1:
            torch.distributed.broadcast_object_list(box, src=0)
        labels: Tensor = box[0]
        clusters = int(labels.max()) + 1 if len(labels) else 0
        outliers = int((labels < 0).sum())
        self._figures = {"clusters": clusters, "outliers": outliers}
        if clusters < self._needed:
            few = outliers < len(labels) / 2
            change = (
                "let fewer images be alike (--set data.pseudo_labels.options.eps=0.4 of dbscan, a "
                "higher threshold of graph)"
                if few
                else "let more images be alike (--set data.pseudo_labels.options.eps=0.7 or "
                "options.min_samples=2 of dbscan, a lower threshold of graph)"
            )
            raise ValueError(
                f"clustering found {clusters} clusters among {len(labels):,} images, of which "
                f"{outliers:,} are in none, before epoch {self._module.current_epoch + 1}, and a "
                f"batch needs data.identities_per_batch={self._needed}; begin with a trained "
                f"network (--init-from), {change}, or use a smaller data.identities_per_batch"
            )
        return labels


def labels_from_file(records: Records, path: Path) -> Records:
    """The training images with the labels of a CSV file as identities, without those it leaves out.

    Args:
        records: the whole data set; only its split ``train`` changes.
        path: a table with columns ``path``, as in the records, and ``label``, a whole number;
            images with a negative one, or that are not in it, are left out.

    Raises:
        ValueError: there is no such table, or it names none of the training images.
    """
    known = _read(path)
    table = records.table
    train = (table["split"] == "train").to_numpy(dtype=bool)
    names = table["path"].astype(str)
    labels = np.array([known.get(name, -1) for name in names], dtype=np.int64)
    if not (train & (labels >= 0)).any():
        example = str(names[train].iloc[0]) if train.any() else "none"
        raise ValueError(
            f"{path} labels none of the {int(train.sum()):,} training images, whose paths are like "
            f"{example!r}"
        )
    changed = table.assign(pid=np.where(train, labels, table["pid"]))
    return Records(changed, records.root, records.info).take(~train | (labels >= 0))


def _read(path: Path) -> dict[str, int]:
    if not path.is_file():
        raise ValueError(f"there is no table of pseudo-labels at {path}")
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        columns = rows.fieldnames or ()
        if not {"path", "label"} <= set(columns):
            raise ValueError(
                f"{path} should have columns path and label, it has {', '.join(columns)}"
            )
        try:
            return {row["path"]: int(row["label"]) for row in rows}
        except ValueError as error:
            raise ValueError(f"a label in {path} is no whole number: {error}") from error


def _purity(labels: Ids, pids: Ids) -> dict[str, float]:
    """The share of the clustered images whose person has the most images of their cluster."""
    inside = labels >= 0
    if not inside.any() or (pids == pids[0]).all():  # nobody is there, or nobody is known
        return {}
    both = np.stack([labels[inside], pids[inside]])
    (clusters, _), counts = np.unique(both, axis=1, return_counts=True)
    most = np.zeros(labels.max() + 1)
    np.maximum.at(most, clusters, counts)
    return {"purity": float(most.sum() / inside.sum())}


def _numbered(clusters: Tensor, count: int) -> Tensor:
    """Clusters as 0 .. C-1, outliers as -1."""
    if clusters.shape != (count,) or clusters.is_floating_point():
        raise ValueError(
            f"a clusterer gives whole numbers ({count},), one for each image; this one gave "
            f"{clusters.dtype} {tuple(clusters.shape)}"
        )
    labels = clusters.long().cpu()
    inside = labels >= 0
    numbers = torch.unique(labels[inside], return_inverse=True)[1]
    return labels.new_full((count,), -1).masked_scatter(inside, numbers)
