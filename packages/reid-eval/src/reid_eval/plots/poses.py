"""Distances by pose and person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reid_eval.plots.style import RIGHT, WRONG, new_figure, styled
from reid_eval.statistics.poses import PoseDistances

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_pose_distances"]


@styled
def plot_pose_distances(found: PoseDistances) -> Figure:
    """Histograms of the four kinds of pairs, each of area one, with a line at each mean.

    Solid is the same pose, dashed another; green the same person, red others.

    Args:
        found: from [`pose_distances`][reid_eval.statistics.poses.pose_distances].
    """
    figure, axes = new_figure(5.6, 3.4)
    plot = axes[0, 0]
    every = np.concatenate([kind.distances for kind in found.kinds])
    low, high = np.quantile(every, [0.0005, 0.9995]).tolist()
    # As many bins as the rarest kind of pair can fill (Rice's rule).
    fewest = min(len(kind.distances) for kind in found.kinds if len(kind.distances))
    edges = np.linspace(low, high, int(np.clip(2 * fewest ** (1 / 3), 10, 60)) + 1)
    for kind in found.kinds:
        if not len(kind.distances):
            continue
        shares = np.histogram(kind.distances, edges)[0] / len(kind.distances)
        colour = RIGHT if kind.same_person else WRONG
        dashes = "solid" if kind.same_pose else "dashed"
        label = f"{kind.name} ({len(kind.distances):,} pairs)"
        plot.stairs(100 * shares, edges, linewidth=1.6, color=colour, linestyle=dashes, label=label)
        plot.axvline(kind.mean, color=colour, linestyle=dashes, linewidth=0.8)
    plot.set(xlabel=f"{found.metric} distance", ylabel="share of pairs, %")
    plot.set_title("Distances by pose and person")
    plot.set_ylim(bottom=0)
    plot.legend(fontsize=7)
    return figure
