"""Pictures of an evaluation: how well each attribute is recognised, and what probabilities mean.

The extra ``plots`` brings what is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from reid_attr.metrics.report import AttributeReport
from reid_eval.plots.style import COLOURS, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_attributes", "plot_calibration"]

_POSITIVE, _NEGATIVE, _MIDDLE, *_ = COLOURS


@styled
def plot_attributes(report: AttributeReport) -> Figure:
    """A line an attribute: both recalls and their mean, with how many images have it.

    Attributes without positives or negatives have no dots.

    Args:
        report: see `attribute_report`.
    """
    table = report.attributes
    rows = np.arange(len(table))
    figure, axes = new_figure(7.2, 1.3 + 0.22 * len(table))
    plot = axes[0, 0]
    low = np.fmin(table["recall_positive"], table["recall_negative"])
    high = np.fmax(table["recall_positive"], table["recall_negative"])
    plot.hlines(rows, 100 * low, 100 * high, color="#dfe3e8", linewidth=4, zorder=1)
    for column, label, colour, mark in (
        ("recall_positive", "found where it is", _POSITIVE, "o"),
        ("recall_negative", "not seen where it is not", _NEGATIVE, "o"),
        ("mA", "mean", _MIDDLE, "|"),
    ):
        plot.scatter(
            100 * table[column], rows, s=30, color=colour, marker=mark, label=label, zorder=2
        )
    names = zip(table["attribute"], table["positives"], strict=True)
    plot.set_yticks(rows, [f"{name}  ({count:,})" for name, count in names], fontsize=8)
    plot.set(xlabel="recognised, %", xlim=(-2, 102), ylim=(len(table) - 0.4, -0.6))
    plot.set_title(f"Recalls, mA {100 * report.overall['mA']:.1f} %, of {report.images:,} images")
    plot.grid(axis="x")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


@styled
def plot_calibration(values: ArrayLike, probabilities: ArrayLike, *, bins: int = 15) -> Figure:
    """How often an attribute holds that is given a probability, over all attributes.

    Args:
        values: truth ``(N, K)``: 1, 0 or -1, which does not count.
        probabilities: ``(N, K)``, from 0 to 1.
        bins: of equal width.
    """
    from matplotlib.ticker import LogFormatter

    truth, scores = np.asarray(values), np.asarray(probabilities, np.float64)
    known = truth >= 0
    held, said = truth[known] == 1, scores[known]
    place = np.minimum((said * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        shares = np.bincount(place, held, minlength=bins) / counts
        means = np.bincount(place, said, minlength=bins) / counts
    figure, axes = new_figure(5.0, 5.4, rows=2, columns=1)
    upper, lower = axes[:, 0]
    upper.plot([0, 100], [0, 100], color="#5c6672", linestyle="--", linewidth=1)
    upper.plot(100 * means, 100 * shares, marker="o", markersize=4, color=_POSITIVE)
    upper.set(ylabel="of these hold, %", xlim=(0, 100), ylim=(0, 100))
    upper.set_title("Calibration, all attributes")
    upper.grid()
    lower.bar((np.arange(bins) + 0.5) * 100 / bins, counts, width=94 / bins, color=_MIDDLE)
    lower.set(xlabel="probability, %", ylabel="labels", yscale="log", xlim=(0, 100))
    lower.yaxis.set_major_formatter("{x:,.0f}")  # not as powers of ten
    lower.yaxis.set_minor_formatter(LogFormatter())
    return figure
