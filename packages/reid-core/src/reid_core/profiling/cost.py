"""Parameters and floating-point operations, in all and by part."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from reid_core.embedder import EmbeddingNetwork

__all__ = ["PartCost", "count_cost"]


@dataclass(frozen=True)
class PartCost:
    """One part of a network.

    Attributes:
        part: its name in the network; ``all`` for the whole.
        parameters: numbers that are learned.
        flops: of one image: two for each multiplication with its addition, in convolutions,
            matrix products and attention; nothing else is counted.
    """

    part: str
    parameters: int
    flops: int


def count_cost(network: EmbeddingNetwork) -> list[PartCost]:
    """Cost of each part, and of all, for one image.

    Args:
        network: in evaluation mode, on any device.
    """
    model = network.model
    size = model.preprocessing.image_size
    device = next(model.parameters()).device
    image = torch.zeros(1, 3, *size, dtype=torch.uint8, device=device)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    by_module = {name: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    prefix = f"{type(network).__name__}.model."
    parts = [
        PartCost(name, _parameters(part), by_module.get(prefix + name, 0))
        for name, part in model.named_children()
    ]
    parts = [part for part in parts if part.parameters or part.flops]
    return [*parts, PartCost("all", _parameters(model), counter.get_total_flops())]


def _parameters(module: nn.Module) -> int:
    return sum(weights.numel() for weights in module.parameters())
