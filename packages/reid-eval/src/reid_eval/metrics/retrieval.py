"""mAP, CMC and mINP from features."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from reid_eval.metrics.features import pick_device
from reid_eval.metrics.matching import LeftOut, Matching, match_labels
from reid_eval.metrics.options import (
    AveragePrecision,
    Backend,
    CameraFilter,
    Metric,
    Precision,
    Ties,
    check_option,
)
from reid_eval.metrics.precision import pick_dtype
from reid_eval.metrics.products import ProductScores, block_sizes
from reid_eval.metrics.ranks import MatchRanks
from reid_eval.metrics.report import RetrievalReport, describe, report_from_ranks
from reid_eval.metrics.sharding import Part, Shards
from reid_eval.metrics.streaming import make_backend, rank_matches

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

__all__ = ["retrieval_metrics"]


def retrieval_metrics(
    query_features: Any,
    gallery_features: Any,
    query_pids: Any,
    gallery_pids: Any,
    *,
    query_camids: Any = None,
    gallery_camids: Any = None,
    metric: Metric = "cosine",
    camera_filter: CameraFilter = "cross-camera",
    junk_pids: Collection[int] = (-1,),
    average_precision: AveragePrecision = "mean",
    ties: Ties = "gallery-order",
    left_out: LeftOut | None = None,
    query_block: int | None = None,
    gallery_block: int | None = None,
    device: str | torch.device | None = None,
    backend: Backend = "auto",
    precision: Precision = "auto",
    process_group: ProcessGroup | None = None,
) -> RetrievalReport:
    """Evaluate retrieval: mAP, CMC and mINP, exactly, without holding or sorting all scores.

    Features are rounded to float32 (a block at a time; float32 arrays and memory maps are never
    copied). The score of a pair is a dot product of its float32 features, summed in float64:
    ``q.g / (||q|| ||g||)`` for ``"cosine"`` (0 for a zero vector), and ``2 q.g - ||q||^2 -
    ||g||^2``, the negated squared distance, for ``"euclidean"``. These scores define the result:
    it does not depend on block sizes, threads, device, backend or precision.

    Args:
        query_features: ``(Q, D)`` NumPy array, memory map or tensor of any float dtype.
        gallery_features: ``(G, D)`` likewise.
        query_pids: ``(Q,)`` integer identities.
        gallery_pids: ``(G,)`` integer identities.
        query_camids: ``(Q,)`` integer cameras; below 0 is unknown and equals none. None when no
            camera is known.
        gallery_camids: ``(G,)`` likewise.
        metric: ``"cosine"`` or ``"euclidean"``.
        camera_filter: ``"cross-camera"`` leaves out, for each query, the gallery items of its
            identity and camera; ``"none"`` keeps them.
        junk_pids: identities whose gallery items are left out for every query, and whose queries
            are skipped. Market-1501 marks junk with -1. Its distractors, pid 0, are no junk.
        average_precision: ``"mean"`` of the precision j / r_j at the hits, r_j the rank of the
            j-th; or ``"trapezoid"``, as Market-1501's own code has it: the mean of
            ``((j - 1) / (r_j - 1) + j / r_j) / 2``, the first fraction 1 for r_j = 1.
        ties: among equal scores, ``"gallery-order"`` puts the smaller gallery index first, as a
            stable sort does; ``"optimistic"`` puts matches first, ``"pessimistic"`` last.
        left_out: which further pairs of one identity count neither as matches nor as non-matches:
            a function from ``(N,)`` query and ``(N,)`` gallery indices to ``(N,)`` booleans.
        query_block: queries in one block; None chooses.
        gallery_block: gallery rows in one block; None chooses.
        device: where to work; None takes the features' device.
        backend: ``"numba"`` counts with compiled kernels on the CPU, ``"torch"`` with torch
            operations on any device, ``"auto"`` chooses. All give the same numbers.
        precision: ``"fp32"`` decides most pairs by a float32 product, ``"bf16"`` by a bfloat16 one
            (on the CPU; more pairs are scored once more), ``"auto"`` tries which is faster. All
            give the same numbers.
        process_group: over these processes of ``torch.distributed`` the gallery is shared out:
            each passes all queries and its own part of the gallery, and the gallery is the parts
            in order of rank. Every process gets the report that one alone would get.

    Returns:
        The report. Queries without a match are skipped and say why.

    Raises:
        ValueError: features that are not finite, empty or of different width; labels that are not
            integers or of the wrong number; an unknown option; no query with a match; processes
            that were not given the same queries and options.

    Examples:
        >>> import numpy as np
        >>> query, gallery = np.eye(2), np.array([[1.0, 0.2], [0.9, 0.1], [0.1, 1.0]])
        >>> report = retrieval_metrics(query, gallery, [7, 8], [7, 8, 8])
        >>> report.mAP
        0.6666666666666666
        >>> report.rank(1)
        0.5
    """
    check_option("metric", metric, Metric)
    check_option("average_precision", average_precision, AveragePrecision)
    check_option("ties", ties, Ties)
    check_option("backend", backend, Backend)
    check_option("precision", precision, Precision)
    place = pick_device(device, query_features, gallery_features)
    given = {
        "query_pids": query_pids,
        "gallery_pids": gallery_pids,
        "query_camids": query_camids,
        "gallery_camids": gallery_camids,
    }
    shards = Shards(process_group, place)
    part = shards.together(lambda: Part.of((query_features, gallery_features), given, place))
    blocks = block_sizes(query_block, gallery_block, queries=len(part.queries), device=place)
    protocol = describe(metric, camera_filter, junk_pids, average_precision, ties)
    if process_group is not None:
        shards.agree({**part.facts(), "options": {**protocol, "query_block": blocks[0]}})
    labels, sizes = part.joined(shards)
    matching = match_labels(
        **labels,
        sizes=(len(part.queries), sum(sizes)),
        camera_filter=camera_filter,
        junk_pids=junk_pids,
        left_out=left_out,
    )
    work = _Work(part, shards, sum(sizes[: shards.rank]), matching, blocks)
    found = _rank(work, place, metric=metric, ties=ties, backend=backend, precision=precision)
    protocol["gallery_size"] = sum(sizes)
    return report_from_ranks(found, matching, definition=average_precision, protocol=protocol)


class _Work(NamedTuple):
    """What is to be ranked; ``offset`` is the gallery index of the part's first row."""

    part: Part
    shards: Shards
    offset: int
    matching: Matching
    blocks: tuple[int, int]


def _rank(
    work: _Work,
    device: torch.device,
    *,
    metric: Metric,
    ties: Ties,
    backend: Backend,
    precision: Precision,
) -> MatchRanks:
    queries, gallery = work.part.queries, work.part.gallery
    height, width = work.blocks
    scores = len(queries) * len(gallery)
    with closing(make_backend(backend, device, scores=scores)) as counting:
        source = work.shards.together(
            lambda: ProductScores(
                queries,
                gallery,
                metric=metric,
                junk=work.matching.junk,
                counting=counting,
                width=width,
                dtype=pick_dtype(precision, device, scores=scores, dim=gallery.dim),
                shards=work.shards,
                offset=work.offset,
            )
        )
        return rank_matches(source, work.matching, ties=ties, counting=counting, height=height)
