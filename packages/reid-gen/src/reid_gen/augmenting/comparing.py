"""Train every arm with several seeds, and ask each network for people whom it never saw."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import Callback

from reid_core.training import Recipe, RunFolder, train
from reid_data import Records
from reid_data.files import replacing
from reid_data.workers import WorkerCount
from reid_eval import embed, evaluate, load_embedder
from reid_gen.augmenting.arms import Arm, GeneratedSets, arms_of
from reid_gen.augmenting.recipes import Mixing, with_generated, without_generated

__all__ = ["Tested", "compare_arms", "table_of_arms"]

_TESTED = "tested.json"


@dataclass(frozen=True)
class Tested:
    """How one network finds people.

    Attributes:
        recipe: with which it was trained.
        arm: see `ARMS`.
        seed: of the training.
        generated: images of its arm.
        mAP: of the query images among the gallery's, across cameras.
        rank1: there.
    """

    recipe: str
    arm: str
    seed: int
    generated: int
    mAP: float  # noqa: N815 - the field's own name
    rank1: float


def compare_arms(
    recipes: Sequence[str],
    real: Records,
    sets: GeneratedSets,
    *,
    out: Path | str,
    mixing: Mixing | None = None,
    overrides: Sequence[str] = (),
    seeds: Sequence[int] = (0, 1, 2),
    init_from: Path | str | None = None,
    device: str = "auto",
    workers: WorkerCount = 0,
    callbacks: Callable[[], Sequence[Callback]] = tuple,
    note: Callable[[str], None] = lambda _: None,
) -> list[Tested]:
    """Train and test every arm with every seed, by every recipe.

    All arms see the same real batches in the same order, and are tested on the real query and
    gallery images only. Called again with the same folder, what is finished is left alone, and an
    interrupted training goes on.

    Args:
        recipes: names of recipes of reid-core.
        real: the whole data set.
        sets: the generated images, with the identities that they claim.
        out: folder of the trainings, ``RECIPE/ARM/seed_N``.
        mixing: what part generated images have.
        overrides: of the recipes, ``"section.key=value"``.
        seeds: of the trainings.
        init_from: checkpoint that every training begins with.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: loader processes.
        callbacks: makes further Lightning callbacks for each training.
        note: told what is about to be trained.

    Raises:
        ValueError: anything that cannot work, before the first training starts.
    """
    root, mixed = Path(out), mixing or Mixing()
    for split in ("query", "gallery"):  # without which nothing could be tested in the end
        real.split(split)
    chosen = {
        name: (without_generated(name, overrides), with_generated(name, overrides, mixed))
        for name in recipes
    }
    for _, augmented in chosen.values():
        _check_people(augmented, real.split("train"), sets)
    found = []
    for name, (plain, augmented) in chosen.items():
        for seed in seeds:
            for arm in arms_of(sets, seed=seed):
                note(f"{Path(name).stem}: {arm.name}, seed {seed}")
                folder = RunFolder(root / Path(name).stem / arm.name / f"seed_{seed}")
                train(
                    plain if arm.generated is None else augmented,
                    real,
                    second=arm.generated,
                    out=folder.path,
                    seed=seed,
                    init_from=None if folder.begun else init_from,
                    device=device,
                    workers=workers,
                    resume=folder.begun,
                    callbacks=callbacks(),
                )
                found.append(_tested(Path(name).stem, arm, seed, folder.path, real, device))
    return found


def table_of_arms(tested: Sequence[Tested]) -> list[dict[str, Any]]:
    """One row a recipe and arm: means over the seeds, and the sample deviation of the mAP.

    ``against random`` is the mean difference of the mAP from the random subset's, seed by seed.
    """
    rows = []
    groups = dict.fromkeys((one.recipe, one.arm) for one in tested)
    for recipe, arm in groups:
        mine = {one.seed: one for one in tested if (one.recipe, one.arm) == (recipe, arm)}
        base = {one.seed: one for one in tested if (one.recipe, one.arm) == (recipe, "random")}
        maps = [one.mAP for one in mine.values()]
        gains = [one.mAP - base[seed].mAP for seed, one in mine.items() if seed in base]
        rows.append(
            {
                "recipe": recipe,
                "arm": arm,
                "generated": round(statistics.mean(one.generated for one in mine.values())),
                "seeds": len(maps),
                "mAP": statistics.mean(maps),
                "deviation": statistics.stdev(maps) if len(maps) > 1 else None,
                "Rank-1": statistics.mean(one.rank1 for one in mine.values()),
                "against random": statistics.mean(gains) if gains else None,
            }
        )
    return rows


def _check_people(recipe: Recipe, train_images: Records, sets: GeneratedSets) -> None:
    """Refuse a set that cannot fill a batch, before the arms in front of it are trained."""
    needed = None if recipe.data.second is None else recipe.data.second.identities_per_batch
    for arm in arms_of(sets, seed=0):
        if arm.generated is None or needed is None:
            continue
        claimed = np.intersect1d(arm.generated.pids, train_images.pids)
        if len(claimed) < needed:
            raise ValueError(
                f"the images of arm {arm.name} claim {len(claimed)} of the people to learn from, "
                f"and a batch takes {needed}; use --set data.second.identities_per_batch="
                f"{max(len(claimed), 2)}, or purify with a lower --threshold"
            )


def _tested(recipe: str, arm: Arm, seed: int, folder: Path, real: Records, device: str) -> Tested:
    """Test a network, or read how it did."""
    file = folder / _TESTED
    if file.is_file():
        return Tested(**json.loads(file.read_text(encoding="utf-8")))
    embedder = load_embedder(folder, device=device)
    query = embed(embedder, real.split("query"), workers=0)
    there = [name for name in ("gallery", "distractor") if (real.table["split"] == name).any()]
    report = evaluate(query, embed(embedder, real.split(*there), workers=0))
    count = 0 if arm.generated is None else len(arm.generated)
    found = Tested(recipe, arm.name, seed, count, report.mAP, report.rank(1))
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
    return found
