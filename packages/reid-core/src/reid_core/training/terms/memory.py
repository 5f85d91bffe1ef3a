"""Contrast with a memory of clusters."""

from __future__ import annotations

from typing import Annotated, Unpack

from pydantic import Field
from torch import Tensor

from reid_core.losses import ClusterMemory, MemoryUpdate
from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, Layer, Term, term_registry
from reid_data import Batch

__all__ = ["ClusterMemoryTerm"]


@term_registry.register("cluster_memory")
class ClusterMemoryTerm(Term):
    """Each image against the centers of all clusters, see [`ClusterMemory`][reid_core.losses].

    The memory is filled before each epoch, with that epoch's clusters, and is no weight.

    Args:
        temperature: of the softmax.
        momentum: what stays of a center at each move.
        update: with ``all`` images of a cluster, or with the ``hardest`` one.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Source:
        Dai et al., "Cluster Contrast for Unsupervised Person Re-Identification", ACCV 2022.
    """

    gathers = True
    needs_features = True

    def __init__(
        self,
        *,
        temperature: Annotated[float, Field(gt=0)] = 0.05,
        momentum: Annotated[float, Field(ge=0, le=1)] = 0.1,
        update: MemoryUpdate = "all",
        layer: Layer = "embedding",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(**loop)
        self.layer: Layer = layer
        self.memory = ClusterMemory(temperature=temperature, momentum=momentum, update=update)

    def start_epoch(self, features: Tensor, labels: Tensor) -> None:
        """Fill the memory with the clusters' means."""
        self.memory.fill(features, labels)

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Loss of vectors (B, D) with clusters (B,); in training the memory moves after it."""
        value: Tensor = self.memory(getattr(output, self.layer), self.labels(batch))
        return value
