"""Embeddings of made-up people."""

import pytest
import torch
from torch import Tensor

from reid_gen.purifying import NeighbourGraph, build_graph


@pytest.fixture(scope="session")
def people() -> tuple[Tensor, Tensor]:
    """Features (240, 16) of 30 people, 8 images each, that overlap a little."""
    generator = torch.Generator().manual_seed(0)
    pids = torch.arange(30).repeat_interleave(8)
    centres = torch.randn(30, 16, generator=generator)
    noise = 0.35 * torch.randn(len(pids), 16, generator=generator)
    return centres[pids] + noise, pids


@pytest.fixture(scope="session")
def crowd(people: tuple[Tensor, Tensor]) -> NeighbourGraph:
    """Their graph."""
    return build_graph(*people, k=10)
