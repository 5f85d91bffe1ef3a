"""Training of the link network, under the Trainer that all packages share."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule
from torch import Tensor
from torch.utils.data import DataLoader

from reid_core.training.loop.trainer import build_trainer, training_environment
from reid_gen.purifying.gcn import LinkGCN
from reid_gen.purifying.graph import NeighbourGraph
from reid_gen.purifying.links import link_labels, link_loss
from reid_gen.purifying.subgraphs import Hops, Subgraphs, pivot_subgraphs

__all__ = ["GcnTraining", "train_gcn"]


@dataclass(frozen=True)
class GcnTraining:
    """Settings; the defaults are the published ones.

    Attributes:
        epochs: passes over all pivots.
        batch_size: pivots of a step.
        learning_rate: of SGD with momentum 0.9, times 0.1 after each epoch.
        weight_decay: of SGD.
        decay: by what the rate is multiplied after an epoch.
        widths: of the graph layers.
        seed: of weights and order.
    """

    epochs: int = 4
    batch_size: int = 16
    learning_rate: float = 0.01
    weight_decay: float = 1e-4
    decay: float = 0.1
    widths: tuple[int, ...] = (512, 512, 256, 256)
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch_size) < 1 or self.learning_rate <= 0:
            raise ValueError(f"epochs, batch size and learning rate must be positive: {self}")


def train_gcn(
    graph: NeighbourGraph,
    pivots: Tensor,
    *,
    hops: Hops,
    settings: GcnTraining,
    device: torch.device | str = "cpu",
    advance: Callable[[int], None] | None = None,
) -> tuple[LinkGCN, list[float]]:
    """Learn which neighbours of a pivot show its identity.

    Pivots of pid -1 show nobody, such as planted corruptions: all their links are wrong, and the
    network learns to say so.

    Args:
        graph: the graph, on the CPU.
        pivots: (P,) int64, rows to learn from.
        hops: size of the subgraphs.
        settings: of the training.
        device: where to train.
        advance: called with the number of batches just done.

    Returns:
        The network, in evaluation mode on the CPU, and the mean loss of each epoch.

    Raises:
        ValueError: there are no pivots, all links are of one kind, or the graph is too small.
    """
    _check(graph, pivots, hops)
    where = torch.device(device)
    with training_environment():
        torch.manual_seed(settings.seed)
        network = LinkGCN(graph.features.shape[1], widths=settings.widths)
        learner = _Learner(network, graph, settings)

        def collate(rows: Sequence[Tensor]) -> Subgraphs:
            return pivot_subgraphs(graph, torch.stack(list(rows)), hops)

        loader: DataLoader[Any] = DataLoader(
            pivots,  # type: ignore[arg-type]  # a tensor has length and rows, which is enough
            batch_size=settings.batch_size,
            shuffle=True,
            collate_fn=collate,
            generator=torch.Generator().manual_seed(settings.seed),
        )
        watchers = [] if advance is None else [_Watcher(advance)]
        trainer = build_trainer(epochs=settings.epochs, device=where, callbacks=watchers)
        trainer.fit(learner, train_dataloaders=loader)
    return network.cpu().eval(), learner.losses


class _Learner(LightningModule):
    def __init__(self, network: LinkGCN, graph: NeighbourGraph, settings: GcnTraining) -> None:
        super().__init__()
        self.network, self.graph, self.settings = network, graph, settings
        self.losses: list[float] = []
        self._running: list[Tensor] = []

    def transfer_batch_to_device(
        self, batch: Subgraphs, device: torch.device, dataloader_idx: int
    ) -> Subgraphs:
        return batch.to(device)

    def training_step(self, batch: Subgraphs, batch_idx: int) -> Tensor:
        loss = link_loss(self.network(batch), link_labels(self.graph, batch))
        self._running.append(loss.detach())
        return loss

    def on_train_epoch_end(self) -> None:
        self.losses.append(float(torch.stack(self._running).mean()))
        self._running.clear()

    def configure_optimizers(self) -> Any:
        chosen = self.settings
        optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=chosen.learning_rate,
            momentum=0.9,
            weight_decay=chosen.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, chosen.decay)
        return [optimizer], [schedule]


class _Watcher(Callback):
    def __init__(self, advance: Callable[[int], None]) -> None:
        self.advance = advance

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        self.advance(1)


def _check(graph: NeighbourGraph, pivots: Tensor, hops: Hops) -> None:
    if not len(pivots):
        raise ValueError("there are no pivots to learn from")
    near = graph.neighbours[pivots, : hops.near]
    known = graph.pids[pivots][:, None]
    same = (graph.pids[near.clamp_min(0)] == known) & (known >= 0) & (near >= 0)
    if not bool(same.any()) or bool((same | (near < 0)).all()):
        kind = "right" if bool(same.any()) else "wrong"
        raise ValueError(
            f"every link of the {len(pivots)} pivots is {kind}: a GCN needs identities of several "
            "images among others"
        )
