"""Retrieval among held-out identities, measured by reid-eval while the training runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from reid_data import Records
from reid_eval.metrics import RetrievalReport, retrieval_metrics

__all__ = ["Validation"]


@dataclass(frozen=True)
class Validation:
    """Which validation images ask, which answer, and how they are compared.

    Attributes:
        records: images in splits ``query`` and ``gallery``, in the order of the loader.
        metric: distance between embeddings.
    """

    records: Records
    metric: Literal["cosine", "euclidean"] = "cosine"

    def report(self, embeddings: Tensor, rows: Tensor) -> RetrievalReport:
        """Match every query with the gallery across cameras.

        Args:
            embeddings: (N, D), in any order; in a distributed run, those of this process.
            rows: which row of the records each embedding belongs to (N,).

        Raises:
            ValueError: some images are missing.
        """
        features, found = _gather(embeddings.cpu(), rows.cpu())
        order = torch.full((len(self.records),), -1)
        order[found] = torch.arange(len(found))
        if (order < 0).any():
            raise ValueError(f"{int((order < 0).sum())} validation images have no embedding")
        asks = (self.records.table["split"] == "query").to_numpy(dtype=bool)
        pids, camids = self.records.pids, self.records.camids
        ordered = features[order].numpy()
        return retrieval_metrics(
            torch.from_numpy(ordered[asks]),
            torch.from_numpy(ordered[~asks]),
            pids[asks],
            pids[~asks],
            query_camids=camids[asks],
            gallery_camids=camids[~asks],
            metric=self.metric,
        )


def _gather(embeddings: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Everyone's embeddings and rows, on every process."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return embeddings, rows
    parts: list[tuple[np.ndarray, np.ndarray]] = [None] * torch.distributed.get_world_size()  # type: ignore[list-item]
    torch.distributed.all_gather_object(parts, (embeddings.numpy(), rows.numpy()))
    features, found = zip(*parts, strict=True)
    return torch.from_numpy(np.concatenate(features)), torch.from_numpy(np.concatenate(found))
