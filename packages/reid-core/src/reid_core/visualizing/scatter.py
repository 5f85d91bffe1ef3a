"""Embeddings in the plane, with the centre of every person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from reid_eval.plots.projection import project
from reid_eval.plots.style import new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_embeddings"]

_NAMED = 40
"""Up to so many people are named by their number."""
_INK, _STRANGER = "#1c2026", "#b8c0c9"


@styled
def plot_embeddings(
    features: NDArray[np.float32],
    pids: NDArray[np.int64],
    *,
    method: Literal["tsne", "pca"] = "tsne",
    seed: int = 0,
) -> Figure:
    """Every image a point in its person's colour, tied to the person's centre.

    Centres are means of normalised embeddings, normalised again, and mapped with the images.

    Args:
        features: (N, D).
        pids: (N,); negative ones are of nobody, and grey.
        method: ``tsne`` keeps neighbours together, ``pca`` keeps large distances true.
        seed: of t-SNE.

    Raises:
        ValueError: there are fewer than three images, or as many pids as images are not given.
    """
    if len(features) != len(pids):
        raise ValueError(f"{len(features)} embeddings came with {len(pids)} pids")
    people = np.unique(pids[pids >= 0])
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    centres = [unit[pids == pid].mean(0) for pid in people]
    places = project(np.concatenate([unit, *(c[None] for c in centres)]), method=method, seed=seed)
    points, middles = places[: len(unit)], places[len(unit) :]
    figure, grid = new_figure(7.5, 6.5)
    axes: Any = grid[0, 0]
    nobody = pids < 0
    axes.scatter(*points[nobody].T, s=10, color=_STRANGER, linewidths=0, label="nobody known")
    colours = _colours(len(people))
    for pid, colour, middle in zip(people, colours, middles, strict=True):
        own = points[pids == pid]
        for point in own:
            axes.plot(*np.stack([point, middle]).T, color=colour, linewidth=0.6, alpha=0.35)
        axes.scatter(*own.T, s=16, color=[colour], linewidths=0, alpha=0.9)
        axes.scatter(*middle, s=46, marker="D", color=[colour], edgecolors="white", zorder=4)
        if len(people) <= _NAMED:
            axes.annotate(
                str(pid), middle, xytext=(5, 4), textcoords="offset points", fontsize=7, color=_INK
            )
    name = {"tsne": "t-SNE", "pca": "Principal components"}[method]
    axes.set(title=f"{name} of {len(points)} images of {len(people)} people, with their centres")
    axes.set(xticks=[], yticks=[], aspect="equal")
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def _colours(count: int) -> NDArray[np.float64]:
    """Hues spread around the circle, neighbours in the order far apart, in two brightnesses."""
    from matplotlib.colors import hsv_to_rgb

    hues = np.arange(count) * 0.61803398875 % 1.0
    value = np.where(np.arange(count) % 2, 0.62, 0.86)
    found: NDArray[np.float64] = hsv_to_rgb(np.stack([hues, np.full(count, 0.75), value], axis=1))
    return found
