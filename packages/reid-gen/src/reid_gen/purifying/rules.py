"""Which generated images to keep, and why: one function a rule.

All rules look at real images only, so that generated siblings cannot vouch for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from reid_core.registry import Registry
from reid_gen.purifying.graph import NeighbourGraph
from reid_gen.purifying.links import Links
from reid_gen.purifying.propagation import edges_of, propagate_labels
from reid_gen.purifying.support import centroids, support

__all__ = ["Case", "Limits", "judge", "list_rules", "needs_links"]


@dataclass(frozen=True)
class Limits:
    """Where the rules draw their lines.

    Attributes:
        threshold: the least score; by default each rule's own.
        margin: rule ``link``: by how much the claimed identity must lead.
        top: rule ``link``: over how many of the best links the mean is taken.
        temperature: rule ``confidence``: of the softmax over identities.
        share: rule ``diversity``: which share of the images passes each of its two tests.
        max_size: rule ``cluster``: larger components fall apart.
    """

    threshold: float | None = None
    margin: float = 0.1
    top: int = 3
    temperature: float = 0.05
    share: float = 0.7
    max_size: int = 300


@dataclass(frozen=True, eq=False)
class Case:
    """What a rule is given.

    Attributes:
        graph: embeddings and neighbours.
        rows: (G,) int64, rows of the generated images, whose pids are their claims.
        anchors: (A,) int64, rows of the real images that may decide.
        links: of the generated images, and behind them of the anchors; for rules that need them.
    """

    graph: NeighbourGraph
    rows: Tensor
    anchors: Tensor
    links: Links | None = None

    @property
    def claims(self) -> Tensor:
        """(G,) int64, the identities claimed."""
        return self.graph.pids[self.rows]


_Rule = Callable[[Case, Limits], pd.DataFrame]
_rules: Registry[_Rule] = Registry("purify rule")
_USE_LINKS = ("link", "cluster")


def list_rules() -> list[str]:
    """Names of the rules."""
    return _rules.names()


def needs_links(rule: str) -> bool:
    """Whether a rule asks a link network.

    Raises:
        ValueError: there is no such rule.
    """
    _ = _rules[rule]
    return rule in _USE_LINKS


def judge(rule: str, case: Case, limits: Limits | None = None) -> pd.DataFrame:
    """Apply a rule.

    Args:
        rule: see `list_rules`.
        case: the images.
        limits: of the rule.

    Returns:
        G rows: ``score`` (higher is better), ``kept``, ``reason`` (of keeping or dropping, in
        words) and, by rule, what the score was made of.

    Raises:
        ValueError: there is no such rule, or it needs links and there are none.
    """
    chosen = _rules[rule]
    if needs_links(rule) and case.links is None:
        raise ValueError(f"rule {rule} needs a GCN; reid-gen train-gcn makes one")
    found = chosen(case, limits or Limits())
    unknown = ~torch.isin(case.claims, case.graph.pids[case.anchors]).numpy()
    found.loc[unknown, "kept"] = False
    found.loc[unknown, "reason"] = "no real image of the claimed identity"
    return found


def _decided(frame: dict[str, object], tests: list[tuple[np.ndarray, str]]) -> pd.DataFrame:
    """Kept if it passes all tests; the reason is the first one failed."""
    table = pd.DataFrame(frame)
    reasons = np.select([~passed for passed, _ in tests], [why for _, why in tests], "passed")
    return table.assign(kept=reasons == "passed", reason=reasons)


@_rules.register("link")
def _link(case: Case, limits: Limits) -> pd.DataFrame:
    links, count = _links(case), len(case.rows)
    judged = Links(case.rows, links.neighbours[:count], links.probabilities[:count])
    ours, others = support(case.graph, judged, case.anchors, top=limits.top)
    least = 0.5 if limits.threshold is None else limits.threshold
    return _decided(
        {"score": ours, "s_plus": ours, "s_minus": others},
        [
            (ours >= least, f"links to the claimed identity below {least:g}"),
            (ours - others >= limits.margin, f"another identity within {limits.margin:g}"),
        ],
    )


@_rules.register("cluster")
def _cluster(case: Case, limits: Limits) -> pd.DataFrame:
    """The majority of the real images of its component shows the claimed identity."""
    edges, scores = edges_of(_links(case))
    labels = propagate_labels(
        edges, scores, count=len(case.graph), max_size=limits.max_size, threshold=0.5
    )
    real = pd.DataFrame(
        {"cluster": labels[case.anchors.numpy()], "pid": case.graph.pids[case.anchors].numpy()}
    )
    shares = real.groupby("cluster")["pid"].value_counts(normalize=True).rename("share")
    mine = pd.DataFrame({"cluster": labels[case.rows.numpy()], "pid": case.claims.numpy()})
    share = mine.join(shares, on=["cluster", "pid"])["share"].fillna(0.0).to_numpy()
    alone = ~mine["cluster"].isin(real["cluster"]).to_numpy()
    least = 0.5 if limits.threshold is None else limits.threshold
    return _decided(
        {"score": share, "cluster": mine["cluster"].to_numpy()},
        [
            (~alone, "no real image in its cluster"),
            (share >= least, f"claimed identity below {least:g} of its cluster"),
        ],
    )


@_rules.register("cosine")
def _cosine(case: Case, limits: Limits) -> pd.DataFrame:
    cosines, column = _to_centroids(case)
    score = cosines.gather(1, column[:, None])[:, 0].numpy()
    least = 0.5 if limits.threshold is None else limits.threshold
    return _decided({"score": score}, [(score >= least, f"cosine to its centroid below {least:g}")])


@_rules.register("confidence")
def _confidence(case: Case, limits: Limits) -> pd.DataFrame:
    """Softmax over the cosines to all identities' centroids."""
    cosines, column = _to_centroids(case)
    chances = (cosines / limits.temperature).softmax(dim=1)
    score = chances.gather(1, column[:, None])[:, 0].numpy()
    least = 0.5 if limits.threshold is None else limits.threshold
    return _decided({"score": score}, [(score >= least, f"confidence below {least:g}")])


@_rules.register("diversity")
def _diversity(case: Case, limits: Limits) -> pd.DataFrame:
    """Near the claimed centroid, and far from the nearest real image (ACM MM 2021)."""
    cosines, column = _to_centroids(case)
    consistency = cosines.gather(1, column[:, None])[:, 0].numpy()
    novelty = 1 - case.graph.similarities[case.rows, 0].numpy()
    near = consistency >= np.quantile(consistency, 1 - limits.share)
    new = novelty >= np.quantile(novelty, 1 - limits.share)
    best = f"not among the {limits.share:.0%}"
    return _decided(
        {
            "score": np.minimum(_ranks(consistency), _ranks(novelty)),
            "consistency": consistency,
            "diversity": novelty,
        },
        [(near, f"{best} nearest to their identity"), (new, f"{best} most new")],
    )


def _to_centroids(case: Case) -> tuple[Tensor, Tensor]:
    """Cosines (G, C) to each identity's centroid, and each claim's column (any if unknown)."""
    pids, centres = centroids(case.graph, case.anchors)
    column = torch.searchsorted(pids, case.claims).clamp_max(len(pids) - 1)
    return case.graph.features[case.rows] @ centres.T, column


def _links(case: Case) -> Links:
    if case.links is None:
        raise ValueError("this rule needs links")
    return case.links


def _ranks(values: np.ndarray) -> np.ndarray:
    return pd.Series(values).rank(pct=True).to_numpy()
