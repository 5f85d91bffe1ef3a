"""From a score to a decision and a probability, fitted on people whose identity is known.

Each validation query is tried twice: in the whole gallery, and in the gallery without its own
person, which shows what the best answer to an unknown person scores (one identity is left out at a
time, so nobody has to be given up for it). The threshold is the lowest at which unknown people are
answered no more often than wanted; the probability is that the best answer is right. Both hold for
galleries about as large as the one of validation: in a larger one a stranger finds a closer match.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from reid_data.console import one_line
from reid_data.files import replacing
from reid_eval.embeddings import Embeddings
from reid_eval.metrics.options import CameraFilter, check_option
from reid_eval.open_set.detection import lowest_threshold
from reid_eval.open_set.pair_scores import score_pairs

__all__ = ["Calibration", "CalibrationMethod", "calibrate", "fit_probability"]

CalibrationMethod = Literal["isotonic", "platt"]
"""``"isotonic"``: any rising step function; ``"platt"``: a logistic curve, for few queries."""

FORMAT = "reid-eval calibration"

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """A threshold on the cosine similarity of the best answer, and what scores are worth.

    Attributes:
        threshold: least score of an answer; below it, the person is unknown.
        wanted_fpir: share of unknown people that may be answered.
        fpir: share of them that were, in validation.
        tpir: share of known people that were answered rightly, in validation.
        known_share: share of queries whose person is thought to be in the gallery; the
            probabilities depend on it.
        scores: ascending scores at which the probability is given; between them it is
            interpolated, beyond them it stays.
        probabilities: that the best answer is right, at each score.
        queries: validation queries.
        identities: whose they are.
        method: how the probabilities were fitted.
        fingerprint: of the model; other models' scores mean something else.
    """

    threshold: float
    wanted_fpir: float
    fpir: float
    tpir: float
    known_share: float
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    queries: int
    identities: int
    method: CalibrationMethod
    fingerprint: str

    def probability(self, scores: ArrayLike) -> _Floats:
        """The probability that an answer with this score is right, in the scores' shape."""
        return np.asarray(
            np.interp(np.asarray(scores, np.float64), self.scores, self.probabilities)
        )

    def check_model(self, side: Embeddings) -> None:
        """Refuse embeddings of another model.

        Raises:
            ValueError: the fingerprints differ.
        """
        theirs = str(side.meta.get("fingerprint", ""))
        if theirs != self.fingerprint:
            raise ValueError(
                f"the calibration belongs to another model ({self.fingerprint[:16]}, the "
                f"embeddings come from {theirs[:16]}); calibrate again"
            )

    def save(self, path: str | Path) -> Path:
        """Write JSON, whole or not at all."""
        target = Path(path)
        with replacing(target) as temporary:
            text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8")
        return target

    @classmethod
    def load(cls, path: str | Path) -> Calibration:
        """Read what [`save`][reid_eval.open_set.calibration.Calibration.save] wrote.

        Raises:
            ValueError: the file is missing or is no calibration.
        """
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be read: {one_line(error)}") from error
        if not isinstance(document, Mapping) or document.get("format") != FORMAT:
            raise ValueError(f"{path} does not say format={FORMAT!r}: no calibration")
        values: dict[str, Any] = {name: document[name] for name in document if name != "format"}
        try:
            loaded = cls(**values)
            points = np.asarray([loaded.scores, loaded.probabilities], np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged, calibrate again: {error}") from error
        if points.ndim != 2 or not points.size or not np.isfinite(points).all():
            raise ValueError(f"{path} is damaged, calibrate again: no curve of probabilities")
        return loaded


def calibrate(
    query: Embeddings,
    gallery: Embeddings,
    *,
    fpir: float = 0.1,
    method: CalibrationMethod = "isotonic",
    known_share: float = 0.5,
    camera_filter: CameraFilter = "cross-camera",
    junk_pids: Collection[int] = (-1,),
    device: str | torch.device = "cpu",
    advance: Callable[[int], None] | None = None,
) -> Calibration:
    """Choose a threshold, and fit probabilities, on a validation split.

    Args:
        query: validation queries; those without a match take no part.
        gallery: validation gallery.
        fpir: share of unknown people that may be answered.
        method: of the probabilities.
        known_share: share of later queries whose person will be in the gallery.
        camera_filter: ``"cross-camera"`` or ``"none"``.
        junk_pids: identities that do not count.
        device: where to compute.
        advance: called with the number of queries just scored.

    Raises:
        ValueError: fewer than two identities can be asked for, a share is not one, or an unknown
            method.
    """
    check_option("method", method, CalibrationMethod)
    if not 0 <= fpir < 1:
        raise ValueError(f"fpir must lie in [0, 1), such as 0.1, got {fpir}")
    if not 0 < known_share < 1:
        raise ValueError(f"known_share must lie between 0 and 1, got {known_share}")
    scores = score_pairs(
        query,
        gallery,
        camera_filter=camera_filter,
        junk_pids=junk_pids,
        device=device,
        advance=advance,
    )
    tried = np.isfinite(scores.best_match) & np.isfinite(scores.best_other)
    people = len(np.unique(query.pids[tried]))
    if people < 2:
        raise ValueError(
            f"a calibration needs queries of at least 2 identities that are in the gallery beside "
            f"others, got {people}"
        )
    match, other = scores.best_match[tried], scores.best_other[tried]
    threshold = lowest_threshold(other, fpir)
    right = match > other
    curve = fit_probability(
        np.concatenate([np.maximum(match, other), other]),
        np.concatenate([right, np.zeros(len(other), bool)]),
        np.repeat([known_share, 1 - known_share], len(other)),
        method=method,
    )
    return Calibration(
        threshold=threshold,
        wanted_fpir=fpir,
        fpir=float((other >= threshold).mean()),
        tpir=float((right & (match >= threshold)).mean()),
        known_share=known_share,
        scores=tuple(curve[0].tolist()),
        probabilities=tuple(curve[1].tolist()),
        queries=int(tried.sum()),
        identities=people,
        method=method,
        fingerprint=str(query.meta.get("fingerprint", "")),
    )


def fit_probability(
    scores: _Floats, right: NDArray[np.bool_], weights: _Floats, *, method: CalibrationMethod
) -> tuple[_Floats, _Floats]:
    """A rising curve from score to probability.

    Args:
        scores: (N,).
        right: whether each answer was (N,).
        weights: how much each counts (N,).
        method: ``"isotonic"`` (Zadrozny and Elkan, KDD 2002) or ``"platt"``, with Platt's own
            smoothed targets (Advances in Large Margin Classifiers 1999), so that it also exists
            where a threshold parts right from wrong without error.

    Returns:
        Ascending scores and the probability at each.
    """
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        model.fit(scores, right.astype(np.float64), sample_weight=weights)
        return np.asarray(model.X_thresholds_), np.asarray(model.y_thresholds_)
    from sklearn.linear_model import LogisticRegression

    positives, negatives = int(right.sum()), int((~right).sum())
    target = np.where(right, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, spread = scores.mean(), max(float(scores.std()), 1e-12)
    inputs = np.tile((scores - centre) / spread, 2)[:, None]
    model = LogisticRegression(C=1e6, max_iter=1000)
    model.fit(
        inputs,
        np.repeat([1, 0], len(scores)),
        sample_weight=np.concatenate([weights * target, weights * (1 - target)]),
    )
    places = np.linspace(scores.min(), scores.max(), 201)
    return places, model.predict_proba(((places - centre) / spread)[:, None])[:, 1]
