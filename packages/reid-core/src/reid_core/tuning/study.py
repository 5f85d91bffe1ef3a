"""A study that goes on after a kill: trials in a SQLite file, the best one at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reid_core.tuning.space import Dimension
from reid_data.console import require

if TYPE_CHECKING:
    import optuna

__all__ = ["Evaluate", "Finding", "PrunedError", "Report", "Study", "run_study"]

_log = logging.getLogger(__name__)
_NAME = "reid-core tune"
_CHANCES = 3
"""Trials that may fail before the first one succeeds."""
_FOLDER = "folder"

Report = Callable[[int, float], None]
"""Says how good a trial is after so many epochs; raises `PrunedError` where it shall stop."""

Evaluate = Callable[[Mapping[str, Any], str, Report], float]
"""Values by key, the name of a folder that the trial may use, and a report; gives the score.

A trial that was interrupted comes again with the folder of its first run.
"""


class PrunedError(Exception):
    """A trial is worse than others were at the same time, and need not go on."""


@dataclass(frozen=True)
class Finding:
    """One trial.

    Attributes:
        number: from 0.
        state: ``complete``, ``pruned``, ``fail``, ``running`` or ``waiting``.
        score: the last one reported; none where there is none.
        epochs: after how many epochs that was; none where nothing was reported.
        values: by key.
        seconds: that it took; none while it has not ended.
        folder: name of its folder.
    """

    number: int
    state: str
    score: float | None
    epochs: int | None
    values: Mapping[str, Any]
    seconds: float | None
    folder: str


@dataclass(frozen=True)
class Study:
    """Trials so far.

    Attributes:
        trials: in order.
        best: the complete trial with the highest score; none where none is complete.
        importances: share of each key in how the scores vary; empty for fewer than four trials.
    """

    trials: tuple[Finding, ...]
    best: Finding | None
    importances: Mapping[str, float]


def run_study(
    space: Sequence[Dimension],
    evaluate: Evaluate,
    *,
    file: Path,
    trials: int,
    seed: int = 0,
    prune: bool = True,
    after: Callable[[Study], None] = lambda _: None,
) -> Study:
    """Look for the values that maximise a score, with a tree of Parzen estimators.

    Trials that are clearly behind (below the median of the others after as many epochs) are
    pruned. A study that was interrupted goes on: the trial that was running is run again with the
    same values.

    Args:
        space: what may vary.
        evaluate: gives the score of some values; a `ValueError` fails this trial only.
        file: SQLite file, old or new.
        trials: how many shall have ended, those of earlier calls included.
        seed: of the proposals.
        prune: whether to prune.
        after: called after each trial.

    Raises:
        ValueError: the first trials have all failed; with the reason of the last.
        MissingExtraError: Optuna is not installed.

    Source:
        Akiba et al., "Optuna", KDD 2019; Bergstra et al., "Algorithms for Hyper-Parameter
        Optimization", NeurIPS 2011.
    """
    require("optuna", extra="reid-core[tune]", for_what="reid-core tune")
    with _opened(file, seed=seed, prune=prune) as study:
        _take_up(study)
        while (left := trials - len(_ended(study))) > 0:
            _run_one(study, space, evaluate)
            after(_summary(study))
            _log.debug("%d trials left", left - 1)
        return _summary(study)


@contextmanager
def _opened(file: Path, *, seed: int, prune: bool) -> Iterator[optuna.Study]:
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    file.parent.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.RDBStorage(f"sqlite:///{file.absolute()}")
    try:
        study = optuna.create_study(
            study_name=_NAME,
            storage=storage,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner() if prune else optuna.pruners.NopPruner(),
        )
        # A resumed study may not propose again what it has proposed at its beginning.
        key = np.random.SeedSequence((seed, len(study.trials)))
        study.sampler = optuna.samplers.TPESampler(
            seed=int(key.generate_state(1)[0]), multivariate=True
        )
        yield study
    finally:
        storage.engine.dispose()
        optuna.logging.set_verbosity(verbosity)


def _take_up(study: optuna.Study) -> None:
    """Put what a killed process was doing at the head of the queue."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params, user_attrs={_FOLDER: _folder(trial)})


def _run_one(study: optuna.Study, space: Sequence[Dimension], evaluate: Evaluate) -> None:
    from optuna.trial import TrialState

    trial = study.ask()
    values = {dimension.key: dimension.suggest(trial) for dimension in space}

    def report(epoch: int, score: float) -> None:
        trial.report(score, epoch)
        if trial.should_prune():
            raise PrunedError

    try:
        score = evaluate(values, _folder(trial), report)
    except PrunedError:
        study.tell(trial, state=TrialState.PRUNED)
    except ValueError as error:
        study.tell(trial, state=TrialState.FAIL)
        _log.warning("trial %d failed: %s", trial.number, error)
        ended = _ended(study)
        if len(ended) >= _CHANCES and all(one.state == TrialState.FAIL for one in ended):
            raise ValueError(f"no trial succeeds; the last one: {error}") from error
    else:
        study.tell(trial, score)


def _ended(study: optuna.Study) -> list[Any]:
    """Trials that have come to an end by themselves: the last ones of their folders."""
    last = {_folder(trial): trial for trial in study.trials}
    return [trial for trial in last.values() if trial.state.is_finished()]


def _folder(trial: Any) -> str:
    return str(trial.user_attrs.get(_FOLDER) or f"trial-{trial.number:04d}")


def _summary(study: optuna.Study) -> Study:
    findings = tuple(_finding(trial) for trial in study.trials)
    complete = [one for one in findings if one.state == "complete" and one.score is not None]
    # The earlier of two equals: max keeps the first.
    best = max(complete, key=lambda one: one.score or 0.0, default=None)
    return Study(findings, best, _importances(study))


def _finding(trial: Any) -> Finding:
    reported = trial.intermediate_values
    last = max(reported, default=None)
    score = trial.value if trial.value is not None else reported.get(last)
    return Finding(
        number=trial.number,
        state=trial.state.name.lower(),
        score=score,
        epochs=last,
        values=dict(trial.params),
        seconds=None if trial.duration is None else trial.duration.total_seconds(),
        folder=_folder(trial),
    )


def _importances(study: optuna.Study) -> dict[str, float]:
    import optuna

    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len(complete) < 4 or len({trial.value for trial in complete}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=16, seed=0)
    try:
        return optuna.importance.get_param_importances(study, evaluator=evaluator)
    except RuntimeError:  # nothing varies that could matter
        return {}
