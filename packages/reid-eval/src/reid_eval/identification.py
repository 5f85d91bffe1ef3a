"""Who is it? The identity of the nearest gallery image, or nobody's, as a table anyone can open."""

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
from reid_eval.open_set import Calibration

__all__ = ["PROBABILITY", "RESULT_COLUMNS", "UNKNOWN", "Identification", "check_named", "identify"]

RESULT_COLUMNS = ("query filename", "predicted class", "predicted path", "distance")
"""The header of ``result.csv``."""

PROBABILITY = "probability"
"""One more column where a calibration says how likely answers are right."""

UNKNOWN = "unknown"
"""What ``result.csv`` calls a person who is not in the gallery."""


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
        threshold: least cosine similarity of an answer; None answers always.
        calibration: what tells the probability of an answer, if there is one.
    """

    query: Embeddings
    gallery: Embeddings
    nearest: NDArray[np.int64]
    distances: NDArray[np.float32]
    nameless: int
    threshold: float | None = None
    calibration: Calibration | None = None

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Whether each query's best answer is too far away to be one (Q,)."""
        if self.threshold is None:
            return np.zeros(len(self.nearest), np.bool_)
        too_far = 1 - self.distances.astype(np.float64) < self.threshold
        return np.asarray((self.nearest >= 0) & too_far)

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """How likely each query's best answer is right (Q,), if there is a calibration."""
        if self.calibration is None:
            return None
        return self.calibration.probability(1 - self.distances.astype(np.float64))

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted identities (Q,), -1 where there is no answer or the person is unknown."""
        answered = (self.nearest >= 0) & ~self.unknown
        return np.where(answered, self.gallery.pids[self.nearest], -1)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Whether each query's true identity is in the gallery (Q,)."""
        return np.asarray((self.query.pids >= 0) & np.isin(self.query.pids, self.gallery.pids))

    @property
    def _right(self) -> NDArray[np.bool_]:
        """Given the true identity, or called unknown where that is true (Q,)."""
        has_truth = self.query.pids >= 0
        found = self.present & (self.predicted == self.query.pids)
        return np.asarray(found | (has_truth & ~self.present & self.unknown))

    @property
    def known(self) -> int:
        """How many queries have a true identity (pid >= 0) to compare with."""
        return int((self.query.pids >= 0).sum())

    @property
    def correct(self) -> int:
        """How many of those were given their true identity, or rightly called unknown."""
        return int(self._right.sum())

    @property
    def accuracy(self) -> float | None:
        """``correct / known``, or None where no query's identity is known."""
        return self.correct / self.known if self.known else None

    @property
    def accuracy_present(self) -> float | None:
        """Share of the queries whose person is in the gallery that were given their identity."""
        return float(self._right[self.present].mean()) if self.present.any() else None

    @property
    def accuracy_absent(self) -> float | None:
        """Share of the queries whose person is not in the gallery that were called unknown."""
        absent = (self.query.pids >= 0) & ~self.present
        return float(self._right[absent].mean()) if absent.any() else None

    @property
    def unanswered(self) -> int:
        """How many queries have no answer; each counts as wrong."""
        return int((self.nearest < 0).sum())

    def to_frame(self) -> pd.DataFrame:
        """The rows of ``result.csv``, one for each answered query, in the order of the queries.

        The predicted class of unknown people is -1; the other columns tell who came nearest. With
        a calibration, a column ``probability`` follows.
        """
        answered = self.nearest >= 0
        best = self.gallery.table["path"].to_numpy()[self.nearest[answered]]
        names = self.query.table["path"].to_numpy()[answered]
        columns = (
            [Path(path).name for path in names],
            self.predicted[answered],
            [Path(path).name for path in best],
            self.distances[answered],
        )
        frame = pd.DataFrame(dict(zip(RESULT_COLUMNS, columns, strict=True)))
        if (likely := self.probabilities) is not None:
            frame[PROBABILITY] = likely[answered]
        return frame

    def to_csv(self, file: str | Path) -> Path:
        """Write ``result.csv``, whole or not at all; distances have six decimals.

        The predicted class of people who are not in the gallery is ``unknown``.
        """
        path = Path(file)
        frame = self.to_frame()
        with replacing(path) as temporary, temporary.open("w", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(frame.columns)
            for name, pid, best, *numbers in frame.itertuples(index=False):
                who = UNKNOWN if pid < 0 else int(pid)
                writer.writerow((name, who, best, *(f"{number:.6f}" for number in numbers)))
        return path


def identify(
    query: Embeddings,
    gallery: Embeddings,
    *,
    camera_filter: SearchFilter = "none",
    threshold: float | None = None,
    calibration: Calibration | None = None,
    device: str | torch.device = "cpu",
    advance: Callable[[int], None] | None = None,
) -> Identification:
    """Give every query the identity of its nearest gallery image, by cosine, if it is near enough.

    Args:
        query: Q embeddings; those with pid >= 0 count for the accuracy.
        gallery: embeddings of the same model; images without identity (pid < 0) are left out.
        camera_filter: see [`search`][reid_eval.exact_search.search].
        threshold: least cosine similarity of an answer; without one, the calibration's, and
            without that everybody is answered.
        calibration: see [`calibrate`][reid_eval.open_set.calibration.calibrate].
        device: where to compute.
        advance: called with the number of gallery images just compared.

    Raises:
        ValueError: no gallery image bears an identity, the embeddings cannot be compared, or the
            threshold is no cosine similarity or the calibration another model's.
    """
    check_named(gallery.pids)
    if threshold is not None and not -1 <= threshold <= 1:
        raise ValueError(f"threshold is a cosine similarity, -1 to 1, got {threshold}")
    if calibration is not None:
        calibration.check_model(query)
        threshold = calibration.threshold if threshold is None else threshold
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
    return Identification(
        query,
        gallery,
        found.indices[:, 0],
        found.distances[:, 0],
        len(nobody),
        threshold,
        calibration,
    )


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
