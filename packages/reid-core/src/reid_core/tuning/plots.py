"""How a search went, as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reid_core.tuning.study import Study
from reid_eval.plots.style import COLOURS, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_study"]

_MUTED = "#9aa4b0"


@styled
def plot_study(study: Study) -> Figure:
    """Scores of the trials with the best so far, and how much each key matters."""
    figure, axes = new_figure(9.0, 3.4, columns=2)
    _draw_history(axes[0, 0], study)
    _draw_importances(axes[0, 1], study)
    return figure


def _draw_history(axes: Axes, study: Study) -> None:
    from matplotlib.ticker import MaxNLocator

    scored = [trial for trial in study.trials if trial.score is not None]
    for state, colour, fill in (("complete", COLOURS[0], COLOURS[0]), ("pruned", _MUTED, "none")):
        points: list[Any] = [trial for trial in scored if trial.state == state]
        if not points:
            continue
        axes.scatter(
            [trial.number for trial in points],
            [trial.score for trial in points],
            s=22,
            edgecolors=colour,
            facecolors=fill,
            label=state,
            zorder=3,
        )
    best, steps = float("-inf"), []
    for trial in study.trials:
        if trial.state == "complete" and trial.score is not None and trial.score > best:
            best = trial.score
        steps.append(best)
    first = next((row for row, value in enumerate(steps) if value > float("-inf")), len(steps))
    axes.step(
        [trial.number for trial in study.trials[first:]],
        steps[first:],
        where="post",
        color=COLOURS[1],
        label="best so far",
    )
    axes.set(title="Trials", xlabel="trial", ylabel="validation mAP")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.legend(loc="best", fontsize=8)


def _draw_importances(axes: Axes, study: Study) -> None:
    axes.set(title="What matters")
    if not study.importances:
        axes.set_axis_off()
        axes.text(0.0, 0.9, "Known after four complete trials.", transform=axes.transAxes)
        return
    ordered = sorted(study.importances.items(), key=lambda pair: pair[1])
    names, shares = [name for name, _ in ordered], [share for _, share in ordered]
    bars = axes.barh(names, shares, color=COLOURS[0], height=0.6)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=3, fontsize=8)
    axes.set(xlabel="share of the scores' variance (fANOVA)", xlim=(0, max(shares) * 1.15))
    axes.tick_params(axis="y", length=0)
