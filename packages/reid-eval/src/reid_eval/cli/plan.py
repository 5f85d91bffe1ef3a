"""From options to what is measured: the protocols, what ranks, and which figures are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reid_data.records import Records
    from reid_eval.embeddings import Embeddings
    from reid_eval.protocols import RetrievalProtocol
    from reid_eval.scoring import Scoring

__all__ = ["Plan", "Wishes", "make_plan", "make_scoring", "parse_ranks"]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line says about ranking and metrics, as it says it."""

    metric: str = "cosine"
    camera_filter: str | None = None
    average_precision: str = "mean"
    junk: Sequence[int] | None = None
    rerank: str = ""
    rerank_set: Sequence[str] = ()
    transitions: Path | None = None
    fusion: str = "joint"
    device: str = "cpu"


@dataclass(frozen=True)
class Plan:
    """What will be measured.

    Attributes:
        protocols: one column of the table each.
        scoring: what ranks.
        ranks: the k of the Rank-k to show.
        chosen_for: the data set whose own protocols these are; empty where they were asked for.
    """

    protocols: Sequence[RetrievalProtocol]
    scoring: Scoring
    ranks: Sequence[int]
    chosen_for: str = ""


def make_plan(
    protocols: Sequence[RetrievalProtocol] | None,
    wishes: Wishes,
    *,
    ranks: str,
    data: str,
    sides: Mapping[str, Records | Embeddings],
) -> Plan:
    """Decide everything before anything is embedded.

    Args:
        protocols: as asked for; None takes those of the data set.
        wishes: how to rank.
        ranks: as in ``--ranks``.
        data: the data set's name; empty for folders.
        sides: query and gallery.

    Raises:
        ValueError: something asked for does not exist, or means nothing on these images.
    """
    from reid_eval.protocols import default_protocols

    query, gallery = sides["query"].table, sides["gallery"].table
    chosen_ranks, scoring = parse_ranks(ranks), make_scoring(wishes)
    chosen_for = ""
    if protocols is None:
        protocols, chosen_for = default_protocols(data, query, gallery), data
    for protocol in protocols:
        protocol.check(query, gallery)
    if scoring.transitions is not None:
        for side in (query, gallery):
            scoring.transitions.clock.read(side)
    return Plan(protocols, scoring, chosen_ranks, chosen_for)


def make_scoring(wishes: Wishes) -> Scoring:
    """What ranks, from options.

    Raises:
        ValueError: an unknown re-ranker or setting, or a file that holds no transitions.
    """
    from reid_eval.clocks import TimedTransitions
    from reid_eval.rerank import JointLogistic, LikelihoodRatio
    from reid_eval.reranking import parse_reranking
    from reid_eval.scoring import Scoring

    file = wishes.transitions
    return Scoring(
        metric="euclidean" if wishes.metric == "euclidean" else "cosine",
        reranking=parse_reranking(wishes.rerank, settings=wishes.rerank_set),
        transitions=None if file is None else TimedTransitions.load(file),
        fusion=LikelihoodRatio() if wishes.fusion == "likelihood" else JointLogistic(),
        camera_filter=_filter(wishes.camera_filter),
        junk_pids=(-1,) if wishes.junk is None else tuple(wishes.junk),
        average_precision="trapezoid" if wishes.average_precision == "trapezoid" else "mean",
        device=wishes.device,
    )


def parse_ranks(text: str) -> list[int]:
    """The k of ``--ranks``, ascending.

    Raises:
        ValueError: not whole numbers from 1 on, with commas between.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    if not all(piece.isdecimal() and int(piece) > 0 for piece in pieces):
        raise ValueError(f"--ranks must be whole numbers from 1 on such as 1,5,10, came {text!r}")
    return sorted({int(piece) for piece in pieces})


def _filter(name: str | None) -> Literal["cross-camera", "none"] | None:
    if name is None:
        return None
    return "none" if name == "none" else "cross-camera"
