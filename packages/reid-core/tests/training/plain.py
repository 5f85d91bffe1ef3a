"""A network and batches so small that a training can be written down beside it."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from lightning.pytorch import LightningModule
from torch import nn
from torch.utils.data import DataLoader

from reid_core.models import ReidOutput
from reid_core.training.loop.optimizers import build_optimizer
from reid_core.training.loop.trainer import build_trainer, training_environment
from reid_core.training.terms import CenterTerm, CrossEntropyTerm, Term, TripletTerm
from reid_data import Batch


class Plain(nn.Module):
    """One linear layer and a BNNeck: what the loop needs to know of a network."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(24, 5)
        self.neck = nn.BatchNorm1d(5)
        self.preprocessing = SimpleNamespace(normalize=lambda images: images.float() / 255)

    def forward(self, images: torch.Tensor) -> ReidOutput:
        feature = self.layer(images.flatten(1))
        return ReidOutput(feature, self.neck(feature))


def batches(count: int = 3) -> list[Batch]:
    generator = torch.Generator().manual_seed(0)
    ids = torch.tensor([0, 0, 1, 1, 2, 2])
    images = torch.randint(0, 255, (count, 6, 3, 2, 4), dtype=torch.uint8, generator=generator)
    return [Batch(images=part, pids=ids, camids=ids, indices=ids, labels=ids) for part in images]


def parts() -> tuple[Plain, dict[str, Term]]:
    torch.manual_seed(3)
    sizes = {"embedding_size": 5, "num_classes": 3}
    terms: dict[str, Term] = {
        "id": CrossEntropyTerm(**sizes),
        "hard": TripletTerm(**sizes, weight=0.5),
        "center": CenterTerm(**sizes, weight=0.01, lr=0.25),
    }
    return Plain(), terms


def fit(module: LightningModule, *, epochs: int, precision: str = "fp32") -> None:
    with training_environment():
        trainer = build_trainer(epochs=epochs, device=torch.device("cpu"), precision=precision)
        trainer.fit(module, DataLoader(batches(), batch_size=None))


def adam(parameters):
    return build_optimizer(parameters, name="adam", lr=0.01, weight_decay=0.1)
