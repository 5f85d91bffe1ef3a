"""mAP, CMC and mINP from distances that something else computed, such as a re-ranker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics.blocks import StreamedRows
from reid_eval.metrics.features import FeatureBlocks, pick_device
from reid_eval.metrics.matching import LeftOut, Matching, match_labels
from reid_eval.metrics.options import AveragePrecision, Backend, CameraFilter, Ties, check_option
from reid_eval.metrics.ranks import MatchRanks
from reid_eval.metrics.report import RetrievalReport, describe, report_from_ranks
from reid_eval.metrics.streaming import QueryRows, make_backend, rank_matches
from reid_eval.metrics.tiles import GIVEN, GalleryBlock

__all__ = ["retrieval_metrics_from_blocks", "retrieval_metrics_from_distances"]

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
    left_out: LeftOut | None = None,
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
        left_out: which further pairs of one identity are left out.
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
        left_out=left_out,
    )
    found = _rank(matrix, matching, ties=ties, backend=backend, device=place)
    protocol = _protocol(camera_filter, junk_pids, average_precision, ties, gallery)
    return report_from_ranks(found, matching, definition=average_precision, protocol=protocol)


def retrieval_metrics_from_blocks(
    blocks: Iterable[tuple[slice, Tensor]],
    query_pids: npt.NDArray[np.int64],
    gallery_pids: npt.NDArray[np.int64],
    *,
    query_camids: npt.NDArray[np.int64] | None = None,
    gallery_camids: npt.NDArray[np.int64] | None = None,
    camera_filter: CameraFilter = "cross-camera",
    junk_pids: Collection[int] = (-1,),
    average_precision: AveragePrecision = "mean",
    ties: Ties = "gallery-order",
    left_out: LeftOut | None = None,
    device: str | torch.device = "cpu",
) -> RetrievalReport:
    """Evaluate distances that come a few queries at a time, as the re-rankers give them.

    Only the blocks that are being looked at are held. The other arguments, and all conventions,
    are those of `retrieval_metrics_from_distances`.

    Args:
        blocks: slices of consecutive queries from 0 on, with their distances ``(b, G)``.
        query_pids: ``(Q,)`` integer identities.
        gallery_pids: ``(G,)`` integer identities.
        query_camids: ``(Q,)`` integer cameras, or None.
        gallery_camids: ``(G,)`` integer cameras, or None.
        camera_filter: ``"cross-camera"`` or ``"none"``.
        junk_pids: identities that are left out.
        average_precision: ``"mean"`` or ``"trapezoid"``.
        ties: ``"gallery-order"``, ``"optimistic"`` or ``"pessimistic"``.
        left_out: which further pairs of one identity are left out.
        device: where the blocks are counted.

    Returns:
        The report.

    Raises:
        ValueError: blocks that do not follow each other, are not finite or of another width;
            labels that do not fit; an unknown option; no query with a match.
    """
    check_option("average_precision", average_precision, AveragePrecision)
    check_option("ties", ties, Ties)
    place = torch.device(device)
    matching = match_labels(
        query_pids,
        gallery_pids,
        query_camids=query_camids,
        gallery_camids=gallery_camids,
        sizes=(len(query_pids), len(gallery_pids)),
        camera_filter=camera_filter,
        junk_pids=junk_pids,
        left_out=left_out,
    )
    rows = StreamedRows(blocks, shape=(len(query_pids), len(gallery_pids)), device=place)
    found = _rank(rows, matching, ties=ties, backend="auto", device=place)
    protocol = _protocol(camera_filter, junk_pids, average_precision, ties, rows.dim)
    return report_from_ranks(found, matching, definition=average_precision, protocol=protocol)


def _rank(
    matrix: FeatureBlocks | StreamedRows,
    matching: Matching,
    *,
    ties: Ties,
    backend: Backend,
    device: torch.device,
) -> MatchRanks:
    source = _GivenScores(matrix, matching.junk)
    height = max(1, _BLOCK_BYTES // (8 * matrix.dim))
    with closing(make_backend(backend, device, scores=len(matrix) * matrix.dim)) as counting:
        return rank_matches(source, matching, ties=ties, counting=counting, height=height)


def _protocol(
    camera_filter: str, junk_pids: Collection[int], definition: str, ties: str, size: int
) -> dict[str, Any]:
    described = describe("given distances", camera_filter, junk_pids, definition, ties)
    return {**described, "gallery_size": size}


def _kept_dtype(distances: Any) -> torch.dtype:
    return torch.float64 if str(getattr(distances, "dtype", "")).endswith("64") else torch.float32


class _GivenScores:
    """Negated distances, see `ScoreSource`."""

    code = GIVEN

    def __init__(self, matrix: FeatureBlocks | StreamedRows, junk: npt.NDArray[np.bool_]) -> None:
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
                grain=0.0,
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

    def total(self, counts: _Ints) -> _Ints:
        """One process holds them all."""
        return counts


def _matrix_of(rows: QueryRows) -> Tensor:
    if rows.distances is None:
        raise ValueError("these queries were not loaded from distances")
    return rows.distances
