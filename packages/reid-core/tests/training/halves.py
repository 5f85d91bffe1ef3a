"""One training step after another by one process, or by several with shares of each batch.

Run as a script: the strategy, the device, the processes, the folder for what comes out, and on how
many machines the processes are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from lightning.pytorch import Callback
from torch import nn
from torch.utils.data import DataLoader

from reid_core.models import ReidOutput
from reid_core.training.loop.module import ReidModule
from reid_core.training.loop.optimizers import build_optimizer
from reid_core.training.loop.sharding import whole
from reid_core.training.loop.trainer import build_trainer, training_environment
from reid_core.training.terms import term_registry
from reid_data import Batch

TERMS = {
    "cross_entropy": 1.0,
    "triplet": 1.0,
    "centroid_triplet": 0.5,
    "center": 0.01,
    "circle": 0.2,
}


class Still(nn.Module):
    """Two layers without batch statistics: what the loop needs to know of a network."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(24, 8), nn.Tanh(), nn.Linear(8, 6))
        self.preprocessing = SimpleNamespace(normalize=lambda images: images.float() / 255)

    def forward(self, images: torch.Tensor) -> ReidOutput:
        feature = self.layers(images.flatten(1))
        return ReidOutput(feature, feature)


def batches(rank: int, processes: int) -> list[Batch]:
    """Eight images of four people; each one's other image is with the other process."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.tensor([0, 1, 2, 3]).repeat(2)
    images = torch.randint(0, 255, (4, 8, 3, 2, 4), dtype=torch.uint8, generator=generator)
    share = slice(8 // processes * rank, 8 // processes * (rank + 1))
    ids = labels[share]
    return [
        Batch(images=part[share], pids=ids, camids=ids, indices=ids, labels=ids) for part in images
    ]


class Losses(Callback):
    """Remembers the loss of every epoch."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        self.values.append(float(trainer.callback_metrics["loss"]))


def trained(strategy: str, device: str, processes: int, nodes: int = 1) -> dict[str, torch.Tensor]:
    """Losses of the epochs, and the weights at the end."""
    torch.manual_seed(3)
    terms = {
        name: term_registry[name](embedding_size=6, num_classes=4, weight=weight)
        for name, weight in TERMS.items()
    }
    module = ReidModule(
        Still(),
        terms,
        optimizer=lambda weights: build_optimizer(weights, lr=0.01, weight_decay=0.1),
        seed=0,
        accumulate=2,
        clip_norm=0.3,
        channels_last=False,
    )
    losses = Losses()
    with training_environment():
        trainer = build_trainer(
            epochs=3,
            device=torch.device(device),
            devices=processes // nodes,
            nodes=nodes,
            strategy=strategy,
            callbacks=[losses],
        )
        trainer.fit(module, DataLoader(batches(trainer.global_rank, processes), batch_size=None))
    weights = {name: value.cpu() for name, value in whole(module.network.state_dict()).items()}
    return {"losses": torch.tensor(losses.values), **weights}


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = trained(sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(int, sys.argv[5:]))
    torch.save(found, Path(sys.argv[4]) / f"{torch.distributed.get_rank()}.pt")
