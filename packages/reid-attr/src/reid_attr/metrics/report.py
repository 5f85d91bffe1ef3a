"""All figures of one evaluation, and how sure they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_attr.metrics.counts import Counts, count, ratio
from reid_attr.metrics.curves import average_precisions, calibration_errors
from reid_data.files import replacing
from reid_eval.statistics.bootstrap import (
    Interval,
    bootstrap_intervals,
    by_identity,
    resampled_means,
)

__all__ = ["AttributeReport", "attribute_report"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AttributeReport:
    """Figures of one evaluation, as fractions.

    Attributes:
        overall: figures by name. ``mA`` is the mean over attributes of the mean of both recalls;
            ``accuracy``, ``precision``, ``recall`` and ``F1`` are of images (F1 of the averaged
            two); ``label_accuracy``, ``label_F1`` and ``jaccard`` are means over attributes; OP, OR
            and OF1 count all labels as one, CP, CR and CF1 average attributes first; ``mAP`` and
            ``ECE`` are means over attributes.
        attributes: a row an attribute: ``positives``, ``negatives``, ``recall_positive``,
            ``recall_negative``, ``mA``, ``accuracy``, ``precision``, ``F1``, ``jaccard``, ``AP``,
            ``ECE``.
        left_out: attributes without a positive or without a negative image; means over attributes
            are without them.
        intervals: of some overall figures, by resampling people; empty if it was not asked.
        images: how many.
    """

    overall: dict[str, float]
    attributes: pd.DataFrame
    left_out: tuple[str, ...]
    intervals: dict[str, Interval]
    images: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; figures that do not exist are None."""
        return {
            "images": self.images,
            "overall": {name: _plain(value) for name, value in self.overall.items()},
            "intervals": {name: each.to_dict() for name, each in self.intervals.items()},
            "left_out": list(self.left_out),
            "attributes": [
                {key: _plain(value) for key, value in row.items()}
                for row in self.attributes.to_dict("records")
            ],
        }

    def save(self, folder: Path | str) -> None:
        """Write ``report.json`` and ``attributes.csv`` into a folder, which is made."""
        with replacing(Path(folder) / "report.json") as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
        with replacing(Path(folder) / "attributes.csv") as temporary:
            self.attributes.to_csv(temporary, index=False)


def attribute_report(
    values: ArrayLike,
    probabilities: ArrayLike,
    decisions: ArrayLike,
    *,
    names: Sequence[str],
    pids: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> AttributeReport:
    """Compare decisions and probabilities with the truth.

    Args:
        values: truth ``(N, K)``: 1, 0 or -1 for unknown, which counts nowhere.
        probabilities: ``(N, K)``.
        decisions: what holds ``(N, K)``, see `reid_attr.decide`.
        names: of the K attributes.
        pids: whose image each row is ``(N,)``; with two people or more, intervals are computed.
        resamples: how many times people are drawn for them.
        seed: which draws.

    Raises:
        ValueError: shapes do not fit, the truth is not 1, 0 or -1, or no attribute has both
            positives and negatives.
    """
    each = count(values, decisions)
    if len(names) != each.tp.shape[1]:
        raise ValueError(f"expected {each.tp.shape[1]} names, came {len(names)}")
    counts = each.sum()
    usable = (counts.positives > 0) & (counts.negatives > 0)
    if not usable.any():
        raise ValueError("no attribute has both positive and negative images")
    table = _by_attribute(counts, names)
    table["AP"] = average_precisions(values, probabilities)
    table["ECE"] = calibration_errors(values, probabilities)
    of_images = _of_images(each)
    overall = {
        **_over_attributes(table[usable]),
        **{name: float(column.mean()) for name, column in of_images.items()},
        **_over_labels(counts, usable),
    }
    overall["F1"] = float(_harmonic(overall["precision"], overall["recall"]))
    intervals = {}
    if pids is not None and len(np.unique(np.asarray(pids))) > 1:
        intervals = _intervals(
            each, of_images, usable, np.asarray(pids), resamples=resamples, seed=seed
        )
    left_out = tuple(name for name, use in zip(names, usable, strict=True) if not use)
    return AttributeReport(_ordered(overall), table, left_out, intervals, len(each.tp))


def _by_attribute(counts: Counts, names: Sequence[str]) -> pd.DataFrame:
    positive = ratio(counts.tp, counts.positives)
    negative = ratio(counts.tn, counts.negatives)
    return pd.DataFrame(
        {
            "attribute": list(names),
            "positives": counts.positives.astype(np.int64),
            "negatives": counts.negatives.astype(np.int64),
            "recall_positive": positive,
            "recall_negative": negative,
            "mA": (positive + negative) / 2,
            "accuracy": ratio(counts.tp + counts.tn, counts.positives + counts.negatives),
            "precision": ratio(counts.tp, counts.tp + counts.fp),
            "F1": ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn),
            "jaccard": ratio(counts.tp, counts.tp + counts.fp + counts.fn),
        }
    )


def _over_attributes(table: pd.DataFrame) -> dict[str, float]:
    precision = float(table["precision"].fillna(0.0).mean())
    recall = float(table["recall_positive"].mean())
    return {
        "mA": float(table["mA"].mean()),
        "recall_positive": recall,
        "recall_negative": float(table["recall_negative"].mean()),
        "label_accuracy": float(table["accuracy"].mean()),
        "label_F1": float(table["F1"].mean()),
        "jaccard": float(table["jaccard"].mean()),
        "mAP": float(table["AP"].mean()),
        "ECE": float(table["ECE"].mean()),
        "CP": precision,
        "CR": recall,
        "CF1": float(_harmonic(precision, recall)),
    }


def _over_labels(counts: Counts, usable: NDArray[np.bool_]) -> dict[str, float]:
    tp, fp, fn = (part[usable].sum() for part in (counts.tp, counts.fp, counts.fn))
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return {"OP": precision, "OR": recall, "OF1": float(_harmonic(precision, recall))}


def _of_images(each: Counts) -> dict[str, _Floats]:
    """Accuracy, precision and recall of each image; 0 where it has nothing to divide by."""
    tp, fp, fn = (part.sum(axis=1) for part in (each.tp, each.fp, each.fn))
    return {
        "accuracy": np.nan_to_num(ratio(tp, tp + fp + fn)),
        "precision": np.nan_to_num(ratio(tp, tp + fp)),
        "recall": np.nan_to_num(ratio(tp, tp + fn)),
    }


def _intervals(
    each: Counts,
    of_images: dict[str, _Floats],
    usable: NDArray[np.bool_],
    pids: NDArray[Any],
    *,
    resamples: int,
    seed: int,
) -> dict[str, Interval]:
    plain = bootstrap_intervals(
        np.stack(list(of_images.values()), axis=1), pids, resamples=resamples, seed=seed
    )
    parts = (each.tp, each.positives, each.tn, each.negatives)
    people = by_identity(np.concatenate([part[:, usable] for part in parts], axis=1), pids)
    drawn = resampled_means(people, resamples=resamples, seed=seed)
    # A draw may have nobody with a rare attribute; it is left out of that draw's mean.
    means = _mean_accuracy(drawn)
    low, high = np.nanquantile(means, [0.025, 0.975])
    whole = float(_mean_accuracy(people.means[None])[0])
    return {
        "mA": Interval(whole, float(low), float(high), 0.95),
        **dict(zip(of_images, plain, strict=True)),
    }


def _mean_accuracy(means: _Floats) -> _Floats:
    tp, positives, tn, negatives = np.split(means, 4, axis=1)
    each = (ratio(tp, positives) + ratio(tn, negatives)) / 2
    known = np.isfinite(each)
    return np.asarray(ratio(np.where(known, each, 0.0).sum(axis=1), known.sum(axis=1)))


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other > 0 else 0.0


def _ordered(overall: dict[str, float]) -> dict[str, float]:
    first = ("mA", "accuracy", "precision", "recall", "F1")
    return {**{name: overall[name] for name in first}, **overall}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if np.isnan(value) else float(value)
    return value
