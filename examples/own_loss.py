"""A loss of one's own: a function, the term that makes it part of a recipe, and a training."""

import tempfile
from pathlib import Path
from typing import Unpack

import torch
from torch import Tensor

from reid_core.training import load_recipe, train
from reid_core.training.terms import FromLoop, PairTerm, term_registry
from reid_data import load_dataset, synthesize


def closeness_loss(vectors: Tensor, labels: Tensor, *, margin: float) -> Tensor:
    """Mean squared distance, beyond a margin, of images of one person.

    Args:
        vectors: (B, D).
        labels: (B,).
        margin: distance at which they are left alone.
    """
    same = labels[:, None] == labels[None, :]
    return (torch.cdist(vectors, vectors)[same] - margin).clamp(min=0).square().mean()


@term_registry.register("closeness")
class ClosenessTerm(PairTerm):
    """Its keyword-only arguments are keys of the recipe, checked like all others."""

    def __init__(self, *, margin: float = 0.1, **loop: Unpack[FromLoop]) -> None:
        super().__init__(**loop)
        self.margin = margin

    def compare(self, vectors: Tensor, labels: Tensor) -> Tensor:
        return closeness_loss(vectors, labels, margin=self.margin)


def main(folder: Path) -> None:
    synthesize(folder / "people", identities=16, test_identities=4, height=64, width=32)
    people = load_dataset("market1501", folder / "people")
    changes = ["loss.closeness={weight: 0.01, margin: 0.2}", "schedule.epochs=2"]
    changes += ["data.image_size=[64,32]", "data.identities_per_batch=8"]
    recipe = load_recipe("small", changes)
    train(recipe, people, out=folder / "run", device="cpu", workers=0)
    print((folder / "run" / "metrics.csv").read_text())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
