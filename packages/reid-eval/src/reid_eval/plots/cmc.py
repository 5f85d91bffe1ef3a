"""Cumulative matching characteristics, one or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reid_eval.metrics import RetrievalReport
from reid_eval.plots.style import COLOURS, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_cmc"]


@styled
def plot_cmc(reports: Mapping[str, RetrievalReport], *, max_rank: int = 50) -> Figure:
    """The share of queries whose best match is among the first k answers.

    Args:
        reports: by the names of the legend.
        max_rank: the largest k.

    Raises:
        ValueError: there is no report.
    """
    if not reports:
        raise ValueError("expected at least one report to plot, got none")
    figure, axes = new_figure(5.2, 3.4 + 0.2 * len(reports))
    plot = axes[0, 0]
    ranks = np.arange(1, max_rank + 1)
    for place, (name, report) in enumerate(reports.items()):
        label = f"{name}: mAP {report.mAP:.1%}, Rank-1 {report.rank(1):.1%}"
        colour = COLOURS[place % len(COLOURS)]
        plot.plot(ranks, 100 * report.cmc(max_rank), label=label, color=colour, linewidth=1.8)
    plot.set(xlabel="rank k", ylabel="queries matched, %", xlim=(1, max_rank), ylim=(None, 100.5))
    plot.set_title("Cumulative matching characteristic")
    plot.grid(axis="y")
    figure.legend(loc="outside lower left")
    return figure
