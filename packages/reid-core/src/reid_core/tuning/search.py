"""Tuning a recipe: many short trainings, each validated on held-out training identities."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from reid_core.training import fit
from reid_core.training.data.annotation import annotate
from reid_core.training.data.sidecars import Sidecars
from reid_core.training.feasible import check_recipe
from reid_core.training.folder.run_folder import RunFolder
from reid_core.training.recipes.files import load_recipe
from reid_core.training.recipes.recipe import Recipe
from reid_core.training.recipes.typed import recipe_yaml
from reid_core.tuning.plots import plot_study
from reid_core.tuning.space import Dimension, parse_search
from reid_core.tuning.study import Finding, Report, Study, run_study
from reid_data import Records
from reid_data.console import require
from reid_data.files import replacing
from reid_data.workers import WorkerCount

__all__ = ["TuningResult", "tune"]

# Every epoch is validated, so that hopeless trials end early; the user may set it otherwise.
_OF_TRIALS = ("evaluation.every=1",)


@dataclass(frozen=True)
class TuningResult:
    """What a search has found.

    Attributes:
        folder: of the search.
        recipe: file of the best recipe, for ``--recipe``; none where no trial is complete.
        table: CSV file of all trials.
        plot: PNG file of their history and of the keys' importances.
        study: the trials.
    """

    folder: Path
    recipe: Path | None
    table: Path
    plot: Path
    study: Study

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        files = {"folder": self.folder, "table": self.table, "plot": self.plot}
        return {
            **{name: str(path) for name, path in files.items()},
            "recipe": None if self.recipe is None else str(self.recipe),
            **asdict(self.study),
        }


def tune(
    recipe: str | Path,
    records: Records,
    *,
    out: Path | str,
    search: Sequence[str],
    second: Records | None = None,
    sidecars: Sidecars | None = None,
    trials: int = 20,
    overrides: Sequence[str] = (),
    seed: int = 0,
    device: str = "auto",
    workers: WorkerCount = "auto",
    prune: bool = True,
    keep_models: bool = False,
    callbacks: Callable[[], Sequence[Callback]] = tuple,
    after: Callable[[Study], None] = lambda _: None,
) -> TuningResult:
    """Train a recipe with many values of some keys; write the recipe that validates best.

    Only the splits ``train`` and ``val`` are read. Every trial trains with the same seed on the
    same identities and is measured by the best mAP of its epochs on the validation identities,
    which is therefore a little too good for the winner; the test split remains untouched.
    The same call goes on with a search that was interrupted, in the middle of a training too.

    Args:
        recipe: name or file of the recipe to begin with.
        records: the whole data set.
        out: folder of the search, new or of an earlier call with the same arguments.
        search: what may vary, see [`parse_search`][reid_core.tuning.parse_search].
        second: this and the next: see [`train`][reid_core.training.train].
        sidecars: tables and masks beside the first data set.
        trials: how many shall have ended, those of earlier calls included.
        overrides: ``"section.key=value"``, for all trials.
        seed: of the trainings and of the proposals.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: loader processes.
        prune: stop trials that are clearly behind.
        keep_models: keep the networks of all trials, not only their figures.
        callbacks: makes further Lightning callbacks for each training.
        after: called after each trial.

    Raises:
        ValueError: a key is unknown or a bound is no value for it, validation is off, ``out``
            holds something else, the records do not suit, or no trial succeeds.
        MissingExtraError: Optuna or matplotlib is not installed.
    """
    for module in ("optuna", "matplotlib"):
        require(module, extra="reid-core[tune]", for_what="reid-core tune")
    folder, space = Path(out), parse_search(search)
    common = (*_OF_TRIALS, *overrides)
    base = _check(recipe, space, common)
    beside = sidecars or Sidecars()
    data = fit.training_data(base, records, second, seed=seed)
    check_recipe(base, data)
    data = annotate(base, data, beside).data
    if data.validation is None:
        raise ValueError(
            "evaluation.val_identities is 0, so there is nothing to measure trials on; "
            "use --set evaluation.val_identities=0.1"
        )
    _claim(folder, base, search, seed=seed, fingerprint=data.fingerprint)

    def chosen(values: Mapping[str, Any]) -> Recipe:
        return load_recipe(recipe, (*common, *(f"{key}={v}" for key, v in values.items())))

    def evaluate(values: Mapping[str, Any], name: str, report: Report) -> float:
        place = folder / "trials" / name
        resume = RunFolder(place).state.is_file()
        if not resume:
            shutil.rmtree(place, ignore_errors=True)
        result = fit.train(
            chosen(values),
            records,
            out=place,
            second=second,
            sidecars=beside,
            seed=seed,
            device=device,
            workers=workers,
            resume=resume,
            callbacks=[*callbacks(), _Reporter(report, RunFolder(place))],
        )
        if result.mAP is None:
            raise ValueError("the training ended without a validation")
        return result.mAP

    def finish(study: Study) -> TuningResult:
        if not keep_models:
            _drop_models(folder, study)
        return _write(folder, study, chosen)

    def conclude(study: Study) -> None:
        finish(study)
        after(study)

    study = run_study(
        space,
        evaluate,
        file=folder / "study.db",
        trials=trials,
        seed=seed,
        prune=prune,
        after=conclude,
    )
    return finish(study)


class _Reporter(Callback):
    """Tells a study the best mAP so far, whenever there is another one."""

    def __init__(self, report: Report, folder: RunFolder) -> None:
        self._report, self._folder = report, folder
        self._best = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say again what an interrupted training had reached."""
        if trainer.current_epoch and self._folder.metrics.is_file():
            with self._folder.metrics.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
            for row in rows[: trainer.current_epoch]:
                if row.get("mAP"):
                    self._tell(int(row["epoch"]), float(row["mAP"]))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report."""
        self._tell(trainer.current_epoch + 1, float(trainer.callback_metrics["mAP"]))

    def _tell(self, epoch: int, score: float) -> None:
        self._best = max(self._best, score)
        self._report(epoch, self._best)


def _check(recipe: str | Path, space: Sequence[Dimension], overrides: Sequence[str]) -> Recipe:
    """The recipe, once every bound and choice has been a value of its key."""
    for dimension in space:
        if dimension.key.startswith("evaluation."):
            raise ValueError(
                f"--search {dimension.key} would change what trials are measured by; "
                "set it for all of them with --set"
            )
        for end in dimension.ends:
            load_recipe(recipe, (*overrides, f"{dimension.key}={end}"))
    return load_recipe(recipe, overrides)


def _claim(
    folder: Path, base: Recipe, search: Sequence[str], *, seed: int, fingerprint: str
) -> None:
    """Write down what is searched for, or see that it is the same as before."""
    facts = {
        "recipe": base.model_dump(mode="json"),
        "search": sorted(search),
        "seed": seed,
        "data": fingerprint,
    }
    path = folder / "tuning.json"
    if not path.is_file():
        RunFolder(folder).check_new()
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    for name, value in json.loads(json.dumps(facts)).items():
        if before.get(name) != value:
            raise ValueError(
                f"{folder} holds a search with another {name}; "
                "go on with the same one, or name another --out"
            )


def _write(
    folder: Path, study: Study, chosen: Callable[[Mapping[str, Any]], Recipe]
) -> TuningResult:
    """Recipe, table and plot as they stand."""
    recipe, table, plot = (folder / name for name in ("best.yaml", "trials.csv", "tuning.png"))
    if study.best is not None:
        score, number = study.best.score or 0.0, study.best.number
        head = f"# Found by reid-core tune: trial {number}, validation mAP {score:.4f}.\n"
        with replacing(recipe) as temporary:
            temporary.write_text(head + recipe_yaml(chosen(study.best.values)), encoding="utf-8")
    with replacing(table) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        _write_table(csv.writer(file), study.trials)
    with replacing(plot) as temporary:
        plot_study(study).savefig(temporary, format="png")
    return TuningResult(folder, None if study.best is None else recipe, table, plot, study)


def _write_table(writer: Any, trials: Sequence[Finding]) -> None:
    keys = sorted({key for trial in trials for key in trial.values})
    writer.writerow(["trial", "state", "mAP", "epochs", "seconds", *keys])
    for trial in trials:
        figures = (trial.score, trial.epochs, trial.seconds)
        values = (trial.values.get(key) for key in keys)
        writer.writerow([trial.number, trial.state, *figures, *values])


def _drop_models(folder: Path, study: Study) -> None:
    """Remove the weights of trials that have ended; recipe and metrics are small, and stay."""
    for trial in study.trials:
        if trial.state in ("complete", "pruned", "fail") and trial != study.best:
            place = folder / "trials" / trial.folder
            again = any(o.folder == trial.folder and o.number > trial.number for o in study.trials)
            if not again:
                for weights in (*place.glob("*.safetensors"), place / "training" / "last.ckpt"):
                    weights.unlink(missing_ok=True)
