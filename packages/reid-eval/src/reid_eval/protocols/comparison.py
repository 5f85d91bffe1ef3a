"""What every protocol comes down to: queries ranked against galleries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.metrics import CameraFilter, LeftOut

__all__ = ["Comparison", "RetrievalProtocol", "known", "pooled", "require"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Queries that are ranked against one gallery.

    Attributes:
        query: Q embeddings.
        gallery: G embeddings.
        camera_filter: see [`retrieval_metrics`][reid_eval.metrics.retrieval_metrics].
        left_out: further pairs of one identity that count neither as match nor as non-match.
        trial: which repetition this belongs to, from 0.
        rows: ``(Q,)`` the place of each query among all queries of its trial, where a trial has
            several comparisons; None: these are all of them, in order.
    """

    query: Embeddings
    gallery: Embeddings
    camera_filter: CameraFilter = "cross-camera"
    left_out: LeftOut | None = None
    trial: int = 0
    rows: NDArray[np.int64] | None = None


class RetrievalProtocol(Protocol):
    """Who asks, who answers, and what counts.

    Attributes:
        name: as ``reid-eval test --protocol`` calls it.
        redraws: the protocol divides all test images into queries and gallery by itself.
    """

    name: ClassVar[str]
    redraws: ClassVar[bool]

    def check(self, query: pd.DataFrame, gallery: pd.DataFrame) -> None:
        """Refuse tables of ids on which the protocol means nothing; nothing is embedded yet.

        Raises:
            ValueError: says what is missing, and what makes it.
        """
        ...

    def comparisons(self, query: Embeddings, gallery: Embeddings) -> Iterator[Comparison]:
        """All comparisons, trial by trial."""
        ...


def known(table: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Which rows ``(N,)`` have a value in a column; none where there is no such column."""
    if column not in table:
        return np.zeros(len(table), dtype=bool)
    return table[column].notna().to_numpy(dtype=bool)


def require(
    name: str, column: str, query: pd.DataFrame, gallery: pd.DataFrame, *, made_by: str
) -> None:
    """Refuse images of people without a value in ``column``.

    Distractors and junk may lack it: nothing is looked for among them.

    Raises:
        ValueError: names the protocol, the column, how many lack it, and what makes it.
    """
    for side, table in (("query", query), ("gallery", gallery)):
        people = np.ones(len(table), dtype=bool)
        if "split" in table:
            people = ~table["split"].isin(("distractor", "junk")).to_numpy(dtype=bool)
        lacking = int((people & ~known(table, column)).sum())
        if lacking:
            raise ValueError(
                f"protocol {name} needs {column} for every image; {lacking:,} of {len(table):,} "
                f"{side} images have none. {made_by}"
            )


def pooled(query: Embeddings, gallery: Embeddings) -> Embeddings:
    """All test images as one, each once, the gallery's first."""
    if query is gallery:
        return gallery
    parts, features = [], []
    for side in (gallery, query):
        table = side.table
        if query.root != gallery.root:
            table = table.assign(path=[os.fspath(path) for path in side.paths])
        parts.append(table)
        features.append(np.asarray(side.features))
    table = pd.concat(parts, ignore_index=True)
    once = ~table.duplicated("path").to_numpy()
    whole = Embeddings(np.concatenate(features), table, gallery.root, gallery.meta)
    return whole if once.all() else whole.take(once)
