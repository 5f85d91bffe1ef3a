"""How all figures look."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from numpy.typing import NDArray

from reid_data.console import require
from reid_data.images import UnreadableImagesError, read_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "QUERY", "RIGHT", "WRONG", "new_figure", "show_image", "styled"]

RIGHT, WRONG, QUERY = "#17803d", "#c62f2f", "#2563c9"
COLOURS = ("#2563c9", "#c2570c", "#17803d", "#7c3aa8", "#8a6d1a", "#b5367a")
Arguments = ParamSpec("Arguments")
_SETTINGS: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5c6672",
    "axes.labelcolor": "#1c2026",
    "xtick.color": "#5c6672",
    "ytick.color": "#5c6672",
    "grid.color": "#dfe3e8",
    "legend.frameon": False,
    "figure.dpi": 150,
    "savefig.bbox": "tight",
}


def styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Let a drawing function draw in our look; no setting stays, no backend is chosen.

    Raises:
        MissingExtraError: when it is called and matplotlib is not installed.
    """

    @wraps(draw)
    def draw_in_style(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        require("matplotlib", extra="reid-eval[plots]", for_what="a plot")
        import matplotlib as mpl

        with mpl.rc_context(_SETTINGS):
            return draw(*args, **kwargs)

    return draw_in_style


def new_figure(
    width: float, height: float, *, rows: int = 1, columns: int = 1
) -> tuple[Figure, NDArray[Any]]:
    """A figure of some inches, and its axes (rows, columns)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def show_image(axes: Axes, path: Path, *, frame: str, below: str = "") -> None:
    """An image with a coloured frame and a caption; a crossed box where it cannot be read."""
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set(visible=True, color=frame, linewidth=2.5)
    try:
        axes.imshow(read_image(path), aspect="auto")
    except UnreadableImagesError:
        axes.plot([0, 1], [0, 1], [0, 1], [1, 0], color="#5c6672")
    axes.set_xlabel(below, fontsize=7, color=frame, labelpad=3)
