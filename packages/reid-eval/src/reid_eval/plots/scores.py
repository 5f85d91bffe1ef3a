"""Scores of true and of false matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reid_eval.plots.style import RIGHT, WRONG, new_figure, styled
from reid_eval.report.distributions import ScoreDistributions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_score_distributions"]


@styled
def plot_score_distributions(found: ScoreDistributions, *, score_name: str) -> Figure:
    """Histograms of true and false pairs, each of area one.

    Args:
        found: from `reid_eval.report.distributions.score_distributions`.
        score_name: what was counted, for the axis.
    """
    figure, axes = new_figure(5.2, 3.4)
    plot = axes[0, 0]
    for name, colour, shares, pairs in (
        ("same person", RIGHT, found.true, found.true_pairs),
        ("others", WRONG, found.false, found.false_pairs),
    ):
        style = {"label": f"{name} ({pairs:,} pairs)", "color": colour}
        plot.stairs(100 * shares, found.edges, fill=True, alpha=0.16, color=colour)
        plot.stairs(100 * shares, found.edges, linewidth=1.6, **style)
    plot.set(xlabel=score_name, ylabel="share of pairs, %")
    plot.set_title("Scores of true and false matches")
    plot.set_ylim(bottom=0)
    plot.legend()
    return figure
