"""Which pairs of a query and a gallery image may not answer each other."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from reid_eval.embeddings import Embeddings
from reid_eval.metrics.matching import LeftOut

__all__ = ["PairFilter", "SearchFilter"]

SearchFilter = Literal["none", "cross-camera", "other-cameras"]


class PairFilter:
    """Hides forbidden pairs, block by block.

    Args:
        query: the Q queries.
        gallery: the G gallery images.
        kind: ``"none"``; ``"cross-camera"`` hides what the query's own camera saw of the query's
            own identity; ``"other-cameras"`` hides all that it saw. Unknown cameras hide nothing.
        exclude_pids: gallery identities that are hidden from every query.
        left_out: further pairs of one identity that are hidden.
        device: where the blocks of scores live.
    """

    def __init__(
        self,
        query: Embeddings,
        gallery: Embeddings,
        *,
        kind: SearchFilter,
        exclude_pids: ArrayLike,
        left_out: LeftOut | None = None,
        device: torch.device,
    ) -> None:
        def ids(values: NDArray[np.int64]) -> Tensor:
            return torch.from_numpy(values.copy()).to(device)

        self._kind, self._left_out = kind, left_out
        self._query_pids, self._query_camids = ids(query.pids), ids(query.camids)
        self._gallery_pids, self._gallery_camids = ids(gallery.pids), ids(gallery.camids)
        excluded = np.isin(gallery.pids, np.asarray(exclude_pids, np.int64))
        self._excluded = torch.from_numpy(excluded).to(device) if excluded.any() else None

    def hide(self, scores: Tensor, *, rows: Tensor | slice, columns: slice) -> None:
        """Set the scores (R, C) of forbidden pairs to minus infinity, in place.

        Args:
            scores: one block.
            rows: the queries of the block.
            columns: the gallery images of the block.
        """
        if self._excluded is not None:
            scores.masked_fill_(self._excluded[columns], -torch.inf)
        if self._left_out is not None:
            self._hide_left_out(scores, self._left_out, rows, columns)
        if self._kind == "none":
            return
        camera = self._query_camids[rows][:, None]
        forbidden = (camera == self._gallery_camids[columns]) & (camera >= 0)
        if self._kind == "cross-camera":
            forbidden &= self._query_pids[rows][:, None] == self._gallery_pids[columns]
        scores.masked_fill_(forbidden, -torch.inf)

    def _hide_left_out(
        self, scores: Tensor, left_out: LeftOut, rows: Tensor | slice, columns: slice
    ) -> None:
        """Ask the rule about the pairs of one identity, which are few."""
        same = self._query_pids[rows][:, None] == self._gallery_pids[columns]
        row, column = same.nonzero(as_tuple=True)
        queries = torch.arange(len(self._query_pids), device=row.device)[rows][row]
        gone = left_out(queries.cpu().numpy(), (column + (columns.start or 0)).cpu().numpy())
        hidden = torch.from_numpy(gone).to(row.device)
        scores[row[hidden], column[hidden]] = -torch.inf
