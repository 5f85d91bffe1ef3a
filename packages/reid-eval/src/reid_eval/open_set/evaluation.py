"""An evaluation in which some people are not in the gallery."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from reid_eval.embeddings import Embeddings
from reid_eval.evaluation import evaluate
from reid_eval.metrics.options import CameraFilter, Metric
from reid_eval.open_set.detection import Detection
from reid_eval.open_set.pair_scores import score_pairs
from reid_eval.open_set.verification import Verification

__all__ = ["OpenSetReport", "evaluate_open_set", "hold_out"]

FPIRS = (0.01, 0.1)
FMRS = (1e-4, 1e-3, 1e-2)
RANKS = (1, 5)


@dataclass(frozen=True, eq=False)
class OpenSetReport:
    """How well known people are found and unknown ones turned away.

    Attributes:
        detection: rates of identification.
        verification: errors of single pairs.
        left_out: queries that are neither known nor unknown: junk, or seen by their own camera
            only.
        held_out: identities whose gallery images were taken away.
    """

    detection: Detection
    verification: Verification
    left_out: int
    held_out: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **self.detection.to_dict(fpirs=FPIRS, ranks=RANKS),
            "left_out_queries": self.left_out,
            "held_out_identities": self.held_out,
            "verification": self.verification.to_dict(fmrs=FMRS),
        }


def evaluate_open_set(
    query: Embeddings,
    gallery: Embeddings,
    *,
    held_out: float = 0.0,
    metric: Metric = "cosine",
    camera_filter: CameraFilter = "cross-camera",
    junk_pids: Collection[int] = (-1,),
    device: str | torch.device = "cpu",
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> OpenSetReport:
    """Measure identification and verification where not everybody is in the gallery.

    Unknown are the queries whose identity has no image in the gallery.

    Args:
        query: Q embeddings.
        gallery: G embeddings of the same model.
        held_out: share of the query identities whose images are taken out of the gallery first;
            0 where the data hold unknown people already.
        metric: ``"cosine"`` or ``"euclidean"``.
        camera_filter: ``"cross-camera"`` or ``"none"``.
        junk_pids: identities that do not count.
        device: where to compute.
        seed: which identities are held out.
        advance: called with the number of queries just scored.

    Raises:
        ValueError: nobody is known or nobody is unknown, or the embeddings cannot be compared.
    """
    remaining, taken = hold_out(query, gallery, held_out, junk_pids=junk_pids, seed=seed)
    options: dict[str, Any] = {
        "metric": metric,
        "camera_filter": camera_filter,
        "junk_pids": junk_pids,
        "device": device,
    }
    report = evaluate(query, remaining, **options)
    known = report.evaluated
    unknown = ~np.isin(query.pids, np.concatenate([remaining.pids, sorted(junk_pids)]))
    if not unknown.any():
        raise ValueError(
            "every query's identity is in the gallery, so nobody is unknown; hold out a share of "
            "the identities, such as 0.5"
        )
    scores = score_pairs(query, remaining, **options, advance=advance)
    return OpenSetReport(
        detection=Detection(
            scores.best_match[known], report.first_hit_rank[known], scores.best[unknown]
        ),
        verification=Verification.of(scores.counts),
        left_out=int((~known & ~unknown).sum()),
        held_out=taken,
    )


def hold_out(
    query: Embeddings,
    gallery: Embeddings,
    share: float,
    *,
    junk_pids: Collection[int] = (-1,),
    seed: int = 0,
) -> tuple[Embeddings, int]:
    """Take a share of the identities that are asked for out of the gallery.

    Args:
        query: who is asked for.
        gallery: where they are.
        share: of the query identities that the gallery holds; 0 takes nobody.
        junk_pids: identities that do not count.
        seed: who.

    Returns:
        The rest of the gallery, and how many identities were taken out of it.

    Raises:
        ValueError: the share is not between 0 and 1 (exclusive), or nobody or everybody would be
            taken out.
    """
    if not 0 <= share < 1:
        raise ValueError(f"the share of identities to hold out lies in [0, 1), got {share}")
    if share == 0:
        return gallery, 0
    asked = np.setdiff1d(np.intersect1d(query.pids, gallery.pids), np.array(sorted(junk_pids)))
    count = round(share * len(asked))
    if not 0 < count < len(asked):
        raise ValueError(
            f"{share:g} of the {len(asked)} identities that are asked for and in the gallery is "
            f"{count}; hold out at least one and leave at least one"
        )
    gone = np.random.default_rng(seed).choice(asked, count, replace=False)
    return gallery.take(~np.isin(gallery.pids, gone)), count
