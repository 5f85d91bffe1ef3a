"""Who is it? The identity of the nearest gallery image, as a table anyone can open."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from reid_data.files import replacing
from reid_eval.embeddings import Embeddings
from reid_eval.exact_search import SearchFilter, search

__all__ = ["RESULT_COLUMNS", "Identification", "check_named", "identify"]

RESULT_COLUMNS = ("query filename", "predicted class", "predicted path", "distance")
"""The header of ``result.csv``."""


@dataclass(frozen=True, eq=False)
class Identification:
    """The predicted identity of every query.

    Attributes:
        query: the Q queries.
        gallery: the G gallery images.
        nearest: int64 (Q,), row in ``gallery`` of the best answer; -1 where the camera filter
            left none.
        distances: float32 (Q,), 1 - cosine; infinite where there is no answer.
        nameless: how many gallery images were left out because they bear no identity (pid < 0).
    """

    query: Embeddings
    gallery: Embeddings
    nearest: NDArray[np.int64]
    distances: NDArray[np.float32]
    nameless: int

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted identities (Q,), -1 where there is no answer."""
        return np.where(self.nearest >= 0, self.gallery.pids[self.nearest], -1)

    @property
    def known(self) -> int:
        """How many queries have a true identity (pid >= 0) to compare with."""
        return int((self.query.pids >= 0).sum())

    @property
    def correct(self) -> int:
        """How many of those were given their true identity."""
        return int(((self.query.pids >= 0) & (self.predicted == self.query.pids)).sum())

    @property
    def accuracy(self) -> float | None:
        """``correct / known``, or None where no query's identity is known."""
        return self.correct / self.known if self.known else None

    @property
    def unanswered(self) -> int:
        """How many queries have no answer; each counts as wrong."""
        return int((self.nearest < 0).sum())

    def to_frame(self) -> pd.DataFrame:
        """The rows of ``result.csv``, one for each answered query, in the order of the queries."""
        answered = self.nearest >= 0
        best = self.gallery.table["path"].to_numpy()[self.nearest[answered]]
        names = self.query.table["path"].to_numpy()[answered]
        columns = (
            [Path(path).name for path in names],
            self.predicted[answered],
            [Path(path).name for path in best],
            self.distances[answered],
        )
        return pd.DataFrame(dict(zip(RESULT_COLUMNS, columns, strict=True)))

    def to_csv(self, file: str | Path) -> Path:
        """Write ``result.csv``, whole or not at all; distances have six decimals."""
        path = Path(file)
        with replacing(path) as temporary, temporary.open("w", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(RESULT_COLUMNS)
            for name, pid, best, distance in self.to_frame().itertuples(index=False):
                writer.writerow((name, int(pid), best, f"{distance:.6f}"))
        return path


def identify(
    query: Embeddings,
    gallery: Embeddings,
    *,
    camera_filter: SearchFilter = "none",
    device: str | torch.device = "cpu",
    advance: Callable[[int], None] | None = None,
) -> Identification:
    """Give every query the identity of its nearest gallery image, by cosine.

    Args:
        query: Q embeddings; those with pid >= 0 count for the accuracy.
        gallery: embeddings of the same model; images without identity (pid < 0) are left out.
        camera_filter: see [`search`][reid_eval.exact_search.search].
        device: where to compute.
        advance: called with the number of gallery images just compared.

    Raises:
        ValueError: no gallery image bears an identity, or the embeddings cannot be compared.
    """
    check_named(gallery.pids)
    nobody = gallery.pids[gallery.pids < 0]
    found = search(
        query,
        gallery,
        top_k=1,
        camera_filter=camera_filter,
        exclude_pids=np.unique(nobody),
        device=device,
        advance=advance,
    )
    return Identification(query, gallery, found.indices[:, 0], found.distances[:, 0], len(nobody))


def check_named(gallery_pids: NDArray[np.int64]) -> None:
    """Refuse a gallery (G,) in which nobody is known.

    Raises:
        ValueError: every identity is negative.
    """
    if not (gallery_pids >= 0).any():
        raise ValueError(
            f"none of the {len(gallery_pids)} gallery images bears an identity; name them as "
            "<pid>_... or put each person in a folder named by its number"
        )
