"""mAP, CMC and mINP from distances that something else computed, such as a re-ranker."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics.features import FeatureBlocks, pick_device
from reid_eval.metrics.matching import match_labels
from reid_eval.metrics.options import AveragePrecision, Backend, CameraFilter, Ties, check_option
from reid_eval.metrics.report import RetrievalReport, report_from_ranks
from reid_eval.metrics.streaming import QueryRows, make_backend, rank_matches
from reid_eval.metrics.tiles import GIVEN, GalleryBlock

__all__ = ["retrieval_metrics_from_distances"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_BLOCK_BYTES = 2**24


def retrieval_metrics_from_distances(
    distances: Any,
    query_pids: Any,
    gallery_pids: Any,
    *,
    query_camids: Any = None,
    gallery_camids: Any = None,
    camera_filter: CameraFilter = "cross-camera",
    junk_pids: Collection[int] = (-1,),
    average_precision: AveragePrecision = "mean",
    ties: Ties = "gallery-order",
    device: str | torch.device | None = None,
    backend: Backend = "auto",
) -> RetrievalReport:
    """Evaluate a matrix of distances, smaller is more alike.

    The other arguments, and all conventions, are those of
    [`retrieval_metrics`][reid_eval.metrics.retrieval_metrics]. The matrix is read a few rows at a
    time and compared in its own precision (float64 in float64, anything shorter in float32).

    Args:
        distances: ``(Q, G)`` NumPy array, memory map or tensor of any float dtype.
        query_pids: ``(Q,)`` integer identities.
        gallery_pids: ``(G,)`` integer identities.
        query_camids: ``(Q,)`` integer cameras, or None.
        gallery_camids: ``(G,)`` integer cameras, or None.
        camera_filter: ``"cross-camera"`` or ``"none"``.
        junk_pids: identities that are left out.
        average_precision: ``"mean"`` or ``"trapezoid"``.
        ties: ``"gallery-order"``, ``"optimistic"`` or ``"pessimistic"``.
        device: where to work; None takes the matrix's device.
        backend: ``"numba"``, ``"torch"`` or ``"auto"``.

    Returns:
        The report.

    Raises:
        ValueError: distances that are not finite or no matrix; labels that do not fit; an unknown
            option; no query with a match.
    """
    check_option("average_precision", average_precision, AveragePrecision)
    check_option("ties", ties, Ties)
    check_option("backend", backend, Backend)
    place = pick_device(device, distances)
    matrix = FeatureBlocks("distances", distances, device=place, dtype=_kept_dtype(distances))
    queries, gallery = len(matrix), matrix.dim
    matching = match_labels(
        query_pids,
        gallery_pids,
        query_camids=query_camids,
        gallery_camids=gallery_camids,
        sizes=(queries, gallery),
        camera_filter=camera_filter,
        junk_pids=junk_pids,
    )
    source = _GivenScores(matrix, matching.junk)
    height = max(1, _BLOCK_BYTES // (8 * gallery))
    scores = queries * gallery
    with closing(make_backend(backend, place, scores=scores)) as counting:
        found = rank_matches(source, matching, ties=ties, counting=counting, height=height)
    protocol = {
        "metric": "given distances",
        "camera_filter": camera_filter,
        "junk_pids": sorted(int(pid) for pid in junk_pids),
        "average_precision": average_precision,
        "ties": ties,
        "gallery_size": gallery,
    }
    return report_from_ranks(found, matching, definition=average_precision, protocol=protocol)


def _kept_dtype(distances: Any) -> torch.dtype:
    return torch.float64 if str(getattr(distances, "dtype", "")).endswith("64") else torch.float32


class _GivenScores:
    """Negated distances, see `ScoreSource`."""

    code = GIVEN

    def __init__(self, matrix: FeatureBlocks, junk: npt.NDArray[np.bool_]) -> None:
        self._matrix = matrix
        self._bias = np.where(junk, -np.inf, 0.0)

    def load(self, run: _Ints) -> QueryRows:
        rows = self._matrix.take(run)
        broken = torch.nonzero(~torch.isfinite(rows).all(dim=1))
        if len(broken):
            row = int(run[int(broken[0])])
            raise ValueError(f"distances must be finite, but row {row} holds NaN or infinity")
        zeros = np.zeros(len(run))
        return QueryRows(torch.empty(0, 0), zeros, zeros, rows)

    def exact_scores(self, rows: QueryRows, query: _Ints, column: _Ints) -> _Floats:
        matrix = _matrix_of(rows)
        place = [torch.from_numpy(index).to(matrix.device) for index in (query, column)]
        chosen = matrix[place[0], place[1]]
        return -chosen.double().cpu().numpy()

    def tiles(self, rows: QueryRows) -> Iterator[tuple[Tensor, GalleryBlock]]:
        ones, zeros = np.ones(len(rows.term)), np.zeros(len(rows.term))
        yield (
            _matrix_of(rows),
            GalleryBlock(
                offset=0,
                rows=torch.empty(0, 0),
                term=zeros,
                scale=np.full_like(self._bias, -1.0),
                bias=self._bias,
                factor=ones,
                shift=zeros,
                slack=zeros,
            ),
        )

    def note_undecided(self, share: float) -> None:
        """Given scores are exact; only ties are looked at twice."""


def _matrix_of(rows: QueryRows) -> Tensor:
    if rows.distances is None:
        raise ValueError("these queries were not loaded from distances")
    return rows.distances
