"""What ranks a gallery: features and a metric, perhaps expanded, fused with time, re-ranked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from reid_eval.clocks import TimedTransitions
from reid_eval.embedders import resolve_device
from reid_eval.embeddings import Embeddings
from reid_eval.metrics import (
    AveragePrecision,
    CameraFilter,
    Metric,
    RetrievalReport,
    Ties,
    retrieval_metrics,
    retrieval_metrics_from_blocks,
)
from reid_eval.protocols.comparison import Comparison
from reid_eval.rerank import (
    Distances,
    FeatureDistances,
    Fusion,
    JointDistances,
    JointLogistic,
    distance_blocks,
)
from reid_eval.rerank.distances import as_tensor
from reid_eval.reranking import Reranking

__all__ = ["Blocks", "Scoring"]

Blocks = Iterator[tuple[slice, Tensor]]
"""Slices of queries, and their distances ``(b, G)``."""


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """How pairs are scored, and the conventions of the metrics.

    Features are expanded first (query expansion, database augmentation), then compared, then fused
    with the times between cameras, then re-ranked; each step is optional. Whatever is asked for,
    distances exist for a block of queries at a time.

    Attributes:
        metric: ``"cosine"`` or ``"euclidean"``.
        reranking: expansions and a re-ranker.
        transitions: of spatial-temporal fusion (st-ReID); None leaves time out.
        fusion: how looks and times become one distance: the published
            [`JointLogistic`][reid_eval.rerank.JointLogistic], or
            [`LikelihoodRatio`][reid_eval.rerank.LikelihoodRatio].
        camera_filter: overrides the protocol's; None leaves it to the protocol.
        junk_pids: identities that do not count.
        average_precision: ``"mean"``, or Market-1501's ``"trapezoid"``.
        ties: who comes first among equal scores.
        device: where to compute.
    """

    metric: Metric = "cosine"
    reranking: Reranking = field(default_factory=Reranking)
    transitions: TimedTransitions | None = None
    fusion: Fusion = field(default_factory=JointLogistic)
    camera_filter: CameraFilter | None = None
    junk_pids: Collection[int] = (-1,)
    average_precision: AveragePrecision = "mean"
    ties: Ties = "gallery-order"
    device: str | torch.device = "cpu"

    def __post_init__(self) -> None:
        if self.metric == "euclidean" and (not self._euclidean_works or self.transitions):
            steps = [step.partition(":")[0] for step in self.reranking.steps]
            steps += ["spatial-temporal fusion"] if self.transitions else []
            raise ValueError(f"{' and '.join(steps)} works on cosine similarities, not Euclidean")

    @property
    def plain(self) -> bool:
        """Whether the features are ranked as they are."""
        return self.transitions is None and not self.reranking.steps

    @property
    def name(self) -> str:
        """What the numbers of [`blocks`][reid_eval.scoring.Scoring.blocks] are, in words."""
        if self.reranking.reranker is not None:
            return "re-ranked distance"
        if self.transitions is not None:
            return "distance of looks and times"
        return (
            "squared distance of expanded features" if self.reranking.steps else "squared distance"
        )

    @property
    def _euclidean_works(self) -> bool:
        names = {step.partition(":")[0] for step in self.reranking.steps}
        return names <= {"k-reciprocal"}

    def report(self, comparison: Comparison) -> RetrievalReport:
        """The metrics of one comparison.

        Raises:
            NoMatchError: no query has a match.
            ValueError: features that are not finite, times that are missing.
        """
        query, gallery = self._features(comparison)
        options: dict[str, Any] = {
            "query_camids": comparison.query.camids,
            "gallery_camids": comparison.gallery.camids,
            "camera_filter": self.camera_filter or comparison.camera_filter,
            "junk_pids": self.junk_pids,
            "average_precision": self.average_precision,
            "ties": self.ties,
            "left_out": comparison.left_out,
            "device": resolve_device(self.device),
        }
        pids = comparison.query.pids, comparison.gallery.pids
        if self.transitions is None and self.reranking.reranker is None:
            report = retrieval_metrics(query, gallery, *pids, metric=self.metric, **options)
        else:
            blocks = self._blocks(self._distances(query, gallery, comparison))
            report = retrieval_metrics_from_blocks(blocks, *pids, **options)
        return report if self.plain else replace(report, protocol=self._said(report))

    def blocks(self, query: Embeddings, gallery: Embeddings) -> Blocks:
        """Distances of a block of queries to the whole gallery at a time, smaller is more alike.

        Without a re-ranker and time they are squared Euclidean ones; for cosine those of the
        normalised features, ``2 - 2 cos``.
        """
        comparison = Comparison(query, gallery)
        return self._blocks(self._distances(*self._features(comparison), comparison))

    def _features(self, comparison: Comparison) -> tuple[Any, Any]:
        query, gallery = comparison.query.features, comparison.gallery.features
        if self.plain:
            return query, gallery
        place = resolve_device(self.device)
        tensors = [as_tensor(side).to(place) for side in (query, gallery)]
        for expand in self.reranking.expansions:
            tensors = list(expand(tensors[0], tensors[1]))
        return tensors[0], tensors[1]

    def _distances(self, query: Any, gallery: Any, comparison: Comparison) -> Distances:
        if self.transitions is None:
            return FeatureDistances(query, gallery, metric=self.metric)
        sides = comparison.query, comparison.gallery
        times = [self.transitions.clock.read(side.table) for side in sides]
        return JointDistances(
            query,
            gallery,
            transitions=self.transitions.transitions,
            query_camids=sides[0].camids,
            gallery_camids=sides[1].camids,
            query_frames=times[0],
            gallery_frames=times[1],
            fusion=self.fusion,
        )

    def _blocks(self, distances: Distances) -> Blocks:
        if self.reranking.reranker is None:
            return distance_blocks(distances)
        return self.reranking.reranker.blocks(distances)

    def _said(self, report: RetrievalReport) -> dict[str, Any]:
        """The protocol of a report, with what was done to the scores."""
        said = {**report.protocol, "metric": self.metric}
        if self.reranking.steps:
            said["rerank"] = list(self.reranking.steps)
        if self.transitions is not None:
            said["spatial_temporal"] = f"{self.transitions.data}: {self.fusion}"
        return said
