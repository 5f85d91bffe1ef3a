"""Ranked lists: a query and its first answers, right ones in green."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reid_eval.exact_search import SearchResult
from reid_eval.plots.style import QUERY, RIGHT, WRONG, new_figure, show_image, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_ranked_lists"]


@styled
def plot_ranked_lists(found: SearchResult, *, rows: Sequence[int], top_k: int = 10) -> Figure:
    """One line a query: its image, then the best answers with their scores.

    Args:
        found: from `reid_eval.search`, or a re-ranked result.
        rows: which queries.
        top_k: answers of each, at most those that were searched for.

    Raises:
        ValueError: there is no such query.
    """
    if not len(rows) or min(rows) < 0 or max(rows) >= len(found.query):
        raise ValueError(f"rows must be of 0 to {len(found.query) - 1}, got {list(rows)}")
    count = min(top_k, found.indices.shape[1])
    figure, axes = new_figure(
        0.72 * (count + 1) + 0.2, 1.62 * len(rows) + 0.1, rows=len(rows), columns=count + 1
    )
    query, gallery = found.query, found.gallery
    asked, answered = query.paths, gallery.paths
    for line, row in zip(axes, rows, strict=True):
        pid = int(query.pids[row])
        show_image(line[0], asked[row], frame=QUERY, below=f"query {pid}")
        for rank, tile in enumerate(line[1:]):
            index = int(found.indices[row, rank])
            if index < 0:
                tile.set_axis_off()
                continue
            right = int(gallery.pids[index]) == pid
            below = f"{found.scores[row, rank]:.2f}"
            show_image(tile, answered[index], frame=RIGHT if right else WRONG, below=below)
    return figure
