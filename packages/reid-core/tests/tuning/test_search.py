"""Tuning recipes, and the verb."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from lightning.pytorch import Callback
from PIL import Image
from typer.testing import CliRunner

from reid_core.cli import app
from reid_core.training import load_recipe
from reid_core.tuning import tune
from reid_data import Records

SEARCH = ["optimizer.lr=log:1e-4:1e-2", "model.pooling=avg,gem"]


class _Killed(BaseException):
    pass


class _KillAt(Callback):
    """Ends the process, as far as the search can tell, at the end of some epoch."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def on_train_epoch_start(self, trainer, pl_module) -> None:
        if trainer.current_epoch == self._epoch:
            raise _Killed


def test_a_search_is_killed_in_a_training_goes_on_and_ends_with_a_recipe(
    people: Records, recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = {"out": out, "search": SEARCH, "seed": 1, "device": "cpu", "workers": 0}
    with pytest.raises(_Killed):
        tune(recipe, people, trials=2, callbacks=lambda: [_KillAt(2)], **arguments)
    epochs = []

    class Count(Callback):
        def on_train_epoch_start(self, trainer, pl_module) -> None:
            epochs.append(trainer.current_epoch)

    result = tune(recipe, people, trials=2, callbacks=lambda: [Count()], **arguments)
    assert epochs == [2, 0, 1, 2]  # the interrupted training was resumed
    complete = [trial for trial in result.study.trials if trial.state == "complete"]
    assert len(complete) == 2
    best = result.study.best
    assert best is not None
    found = load_recipe(result.recipe)
    assert found.optimizer.lr == pytest.approx(best.values["optimizer.lr"])
    assert found.model.pooling == best.values["model.pooling"]
    assert found.schedule.epochs == 3
    with result.table.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["mAP"]) for row in rows if row["state"] == "complete"] == [
        trial.score for trial in complete
    ]
    width, height = Image.open(result.plot).size
    assert width > height > 300
    weights = [path.parent.name for path in out.glob("trials/*/model.safetensors")]
    assert weights == [best.folder]
    with pytest.raises(ValueError, match="another search"):
        tune(recipe, people, trials=3, **{**arguments, "search": SEARCH[:1]})
    with pytest.raises(ValueError, match="another recipe"):
        tune(recipe, people, trials=3, overrides=["schedule.epochs=2"], **arguments)
    with pytest.raises(ValueError, match="another seed"):
        tune(recipe, people, trials=3, **{**arguments, "seed": 2})


@pytest.mark.parametrize(
    ("search", "overrides", "message"),
    [
        (["optimizer.lrr=1e-4:1e-2"], [], "did you mean 'optimizer.lr'"),
        (["optimizer.lr=-1:1e-2"], [], "greater than 0"),
        (["model.pooling=avg,gemm"], [], "gem"),
        (["evaluation.val_identities=0.1:0.3"], [], "what trials are measured by"),
        (SEARCH, ["evaluation.val_identities=0"], "nothing to measure trials on"),
    ],
)
def test_bad_input_is_refused_before_anything_is_trained(
    people: Records,
    recipe: Path,
    tmp_path: Path,
    search: list[str],
    overrides: list[str],
    message: str,
) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=message):
        tune(recipe, people, out=out, search=search, overrides=overrides, device="cpu")
    assert not out.exists()


def test_a_folder_of_something_else_is_refused(
    people: Records, recipe: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="not empty"):
        tune(recipe, people, out=tmp_path, search=SEARCH, device="cpu")


@pytest.fixture
def typed(people: Records, recipe: Path, tmp_path: Path) -> list[str]:
    table = people.root / "people.csv"
    people.table.to_csv(table, index=False)
    where = ["--data", "csv", "--root", table, "--out", tmp_path / "out", "--recipe", recipe]
    options = ["--device", "cpu", "--workers", "0", "--trials", "1"]
    return ["tune", *map(str, where), *options]


def test_the_verb_shows_what_was_found(typed: list[str]) -> None:
    search = [word for text in SEARCH for word in ("--search", text)]
    result = CliRunner().invoke(app, [*typed, *search, "--set", "schedule.epochs=1", "--json"])
    assert result.exit_code == 0, result.exception
    found = json.loads(result.stdout)
    assert found["best"]["state"] == "complete"
    assert set(found["best"]["values"]) == {"optimizer.lr", "model.pooling"}
    assert Path(found["recipe"]).is_file()


def test_what_lies_beside_the_data_and_a_second_data_set_are_tuned_with(
    typed: list[str], tmp_path: Path
) -> None:
    genders = tmp_path / "genders.csv"
    lines = [f"train,{pid:03d},{pid % 2}" for pid in range(8)]
    genders.write_text("\n".join(["Category,ID,Gender", *lines]) + "\n")
    sets = ("loss.gender.data=first", "data.second.order=together", "schedule.epochs=1")
    words = [*typed, "--search", SEARCH[0], *(word for text in sets for word in ("--set", text))]
    refused = CliRunner().invoke(app, words)
    assert "name it by --second-data" in str(refused.exception)
    words += ["--second-data", "csv"]
    refused = CliRunner().invoke(app, words)
    assert "--genders" in str(refused.exception)
    assert not (tmp_path / "out").exists()
    result = CliRunner().invoke(app, [*words, "--genders", str(genders), "--json"])
    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout)["best"]["score"] > 0


def test_a_missing_extra_is_named(typed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    result = CliRunner().invoke(app, [*typed, "--search", SEARCH[0]])
    assert "pip install 'reid-core[tune]'" in str(result.exception)
