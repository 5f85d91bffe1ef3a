"""Retrieval among held-out identities, measured by reid-eval while the training runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from reid_core.training.data.low_resolution import reduce_rows
from reid_data import Records
from reid_eval.metrics import RetrievalReport, retrieval_metrics

__all__ = ["Validation", "gathered_rows"]


@dataclass(frozen=True, eq=False)
class Validation:
    """Which validation images ask, which answer, and how they are compared.

    Attributes:
        records: images in splits ``query`` and ``gallery``, in the order of the loader; of
            tracklets, one row each, by ascending number.
        metric: distance between embeddings.
        tracklets: the rows are tracklets; the embeddings of their clips are averaged.
        query_scale: by what queries are reduced before they are embedded.
        gallery_scale: by what gallery images are.
    """

    records: Records
    metric: Literal["cosine", "euclidean"] = "cosine"
    tracklets: bool = False
    query_scale: int = 1
    gallery_scale: int = 1

    def rows(self, indices: Tensor, *, rank: int, processes: int) -> Tensor:
        """Which row of the records each element of a batch belongs to.

        Args:
            indices: of the batch: numbers of tracklets, or rows among every `processes`-th image
                from `rank` on.
            rank: of this process.
            processes: that share the images.
        """
        if not self.tracklets:
            return indices * processes + rank
        numbers = torch.from_numpy(self.records.table["tracklet"].to_numpy(dtype=np.int64))
        return torch.searchsorted(numbers, indices.cpu()).to(indices.device)

    def reduced(self, images: Tensor, rows: Tensor) -> Tensor:
        """The images as the cameras of the test see them."""
        if self.query_scale == self.gallery_scale == 1:
            return images
        asks = self._asks[rows.cpu().numpy()]
        return reduce_rows(images, np.where(asks, self.query_scale, self.gallery_scale))

    def report(self, embeddings: Tensor, rows: Tensor) -> RetrievalReport:
        """Match every query with the gallery across cameras.

        Args:
            embeddings: (N, D), in any order; in a distributed run, those of this process.
            rows: which row of the records each embedding belongs to (N,).

        Raises:
            ValueError: some images are missing.
        """
        features, found = gathered_rows(embeddings.cpu(), rows.cpu())
        counts = torch.bincount(found, minlength=len(self.records))
        if (counts == 0).any():
            raise ValueError(f"{int((counts == 0).sum())} validation images have no embedding")
        total = torch.zeros(len(counts), features.shape[1]).index_add_(0, found, features)
        ordered = total / counts[:, None]
        asks, pids, camids = self._asks, self.records.pids, self.records.camids
        return retrieval_metrics(
            ordered[torch.from_numpy(asks)],
            ordered[torch.from_numpy(~asks)],
            pids[asks],
            pids[~asks],
            query_camids=camids[asks],
            gallery_camids=camids[~asks],
            metric=self.metric,
        )

    @property
    def _asks(self) -> np.ndarray:
        return np.array(self.records.table["split"] == "query")


def gathered_rows(embeddings: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Everyone's embeddings and rows, on every process."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return embeddings, rows
    parts: list[tuple[np.ndarray, np.ndarray]] = [None] * torch.distributed.get_world_size()  # type: ignore[list-item]
    torch.distributed.all_gather_object(parts, (embeddings.numpy(), rows.numpy()))
    features, found = zip(*parts, strict=True)
    return torch.from_numpy(np.concatenate(features)), torch.from_numpy(np.concatenate(found))
