"""How well each camera's queries are found in each other camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reid_eval.embeddings import Embeddings
from reid_eval.metrics import RetrievalReport
from reid_eval.plots.style import new_figure, styled
from reid_eval.statistics import slice_report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_camera_pairs"]


@styled
def plot_camera_pairs(
    report: RetrievalReport,
    query: Embeddings,
    gallery: Embeddings,
    *,
    fewest_identities: int = 10,
) -> Figure:
    """A heat map of mAP: the query's camera by the camera of the matches.

    Matches in other cameras are left out of a cell as the camera filter leaves out images. A cell
    with too few people stays grey.

    Args:
        report: of the embeddings, with its ranks.
        query: the queries.
        gallery: the gallery.
        fewest_identities: a cell with fewer has no figure.

    Raises:
        ValueError: the report did not keep its ranks, or the images have no cameras.
    """
    cut = "camera-pair"
    slices = slice_report(
        report, query, gallery, [cut], fewest_identities=fewest_identities, resamples=100
    )
    if not slices:
        raise ValueError("no match is between two known cameras; the images need camera ids")
    asked, answered = (sorted(set(side.camids[side.camids >= 0])) for side in (query, gallery))
    table = np.full((len(asked), len(answered)), np.nan)
    for found in slices:
        if found.mAP is not None:
            row, column = (int(part) for part in found.name.split() if part.isdigit())
            table[asked.index(row), answered.index(column)] = 100 * found.mAP.value
    figure, axes = new_figure(1.6 + 0.5 * len(answered), 1.3 + 0.42 * len(asked))
    plot = axes[0, 0]
    plot.set_facecolor("#e9ebee")
    image = plot.imshow(table, cmap="viridis", aspect="auto")
    middle = np.nanmean(table) if np.isfinite(table).any() else 0
    for (row, column), value in np.ndenumerate(table):
        if np.isfinite(value):
            ink = "white" if value < middle else "black"
            plot.text(column, row, f"{value:.0f}", ha="center", va="center", color=ink, fontsize=8)
    plot.set_xticks(range(len(answered)), [str(camera) for camera in answered])
    plot.set_yticks(range(len(asked)), [str(camera) for camera in asked])
    plot.set(xlabel="camera of the matches", ylabel="camera of the query")
    plot.set_title("mAP by pair of cameras, %")
    plot.spines[:].set_visible(False)
    figure.colorbar(image, ax=plot, shrink=0.9)
    return figure
