"""The same training several times: how much of a result is chance."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reid_core.training.fit import train
from reid_core.training.folder.run_folder import RunFolder, TrainingResult
from reid_core.training.recipes.recipe import Recipe

__all__ = ["table_of_runs", "train_runs"]


def train_runs(
    recipe: Recipe,
    prepare: Callable[[int], dict[str, Any]],
    *,
    out: Path | str,
    runs: int,
    seed: int = 0,
    **options: Any,
) -> list[TrainingResult]:
    """Train several times, each with the next seed, in folders ``run_0``, ``run_1``, ...

    Called again with the same folder, finished runs are left alone and an interrupted one goes on.

    Args:
        recipe: of every run.
        prepare: gives the arguments of `train` that differ from run to run, by its number from 0:
            at least ``records``. It is not called for finished runs.
        out: folder of the folders.
        runs: how many.
        seed: of the first run.
        options: further arguments of `train`, the same for all.

    Raises:
        ValueError: the folder holds runs of another recipe or other seeds, or as `train`.
    """
    results = []
    for run in range(runs):
        folder = RunFolder(Path(out) / f"run_{run}")
        if folder.begun:
            folder.check_recipe(recipe, seed=seed + run)
        result = folder.result if folder.begun else None
        if result is None:
            options["resume"] = folder.begun
            result = train(recipe, out=folder.path, seed=seed + run, **prepare(run), **options)
        results.append(result)
    return results


def table_of_runs(results: Sequence[TrainingResult]) -> list[dict[str, str]]:
    """One row a run, then the mean and the sample deviation of every figure."""

    def row(
        name: str, map_: float | None, rank1: float | None, form: str = ".3f"
    ) -> dict[str, str]:
        figures = {"validation mAP": map_, "validation Rank-1": rank1}
        written = {k: "not measured" if v is None else format(v, form) for k, v in figures.items()}
        return {"run": name, **written}

    rows = [row(result.folder.name, result.mAP, result.rank1) for result in results]
    maps = [result.mAP for result in results if result.mAP is not None]
    ranks = [result.rank1 for result in results if result.rank1 is not None]
    if len(maps) == len(results):
        rows.append(row("mean", statistics.mean(maps), statistics.mean(ranks)))
        if len(maps) > 1:
            rows.append(row("deviation", statistics.stdev(maps), statistics.stdev(ranks)))
    return rows
