"""When a training validates, stops, and what it keeps besides the best network."""

from __future__ import annotations

import sys

import pytest
import torch
from lightning.pytorch import Callback

from reid_core.models import read_checkpoint
from reid_core.training.loop.finite import DivergedError
from reid_data.console import MissingExtraError

from .test_fit import Interrupt, rows, run, same_files


def scripted(monkeypatch: pytest.MonkeyPatch, scores: list[float]) -> None:
    """Let validation find these figures, one after the other."""
    from reid_core.training.loop import validation

    left = iter(scores)

    class Fixed:
        def __init__(self, *args, **kwargs) -> None:
            self.mAP = next(left)
            self.mINP = 0.0

        def rank(self, k: int) -> float:
            return self.mAP

    monkeypatch.setattr(validation, "retrieval_metrics", Fixed)


def test_validation_begins_with_its_first_epoch(people, tiny, tmp_path):
    recipe = tiny("schedule.epochs=5", "evaluation.every=2", "evaluation.start_epoch=2")
    run(recipe, people, tmp_path / "out")
    assert [bool(row["mAP"]) for row in rows(tmp_path / "out")] == [False] * 3 + [True] * 2


def test_a_training_stops_when_it_gets_no_better(people, tiny, tmp_path, monkeypatch):
    scripted(monkeypatch, [0.2, 0.5, 0.4, 0.5, 0.9])
    recipe = tiny("schedule.epochs=9", "evaluation.patience=2", "schedule.kind=constant")
    result = run(recipe, people, tmp_path / "out")
    assert (result.epochs, result.best_epoch, result.mAP) == (4, 2, 0.5)


def test_a_resumed_training_remembers_how_long_it_has_waited(people, tiny, tmp_path, monkeypatch):
    scripted(monkeypatch, [0.5, 0.4, 0.3, 0.2])
    recipe = tiny("schedule.epochs=9", "evaluation.patience=3")
    with pytest.raises(KeyboardInterrupt):
        run(recipe, people, tmp_path / "out", callbacks=[Interrupt(2)])
    assert run(recipe, people, tmp_path / "out", resume=True).epochs == 4


def test_networks_are_kept_besides_the_best(people, tiny, tmp_path):
    recipe = tiny("checkpoints={every: 2, last: true}", "schedule.epochs=5")
    run(recipe, people, tmp_path / "out")
    kept = tmp_path / "out" / "checkpoints"
    assert {path.name for path in kept.iterdir()} == {"epoch_2", "epoch_4", "last"}
    assert read_checkpoint(kept / "epoch_4").metadata["epoch"] == 4
    assert read_checkpoint(kept / "last").metadata["epoch"] == 5


def test_an_interrupted_training_of_everything_resumes_to_the_bits(people, tiny, tmp_path):
    recipe = tiny(
        "schedule.epochs=4",
        "optimizer.accumulate=2",
        "optimizer.clip_norm=0.5",
        "optimizer.swa_start=1",
        "optimizer.groups=[{parameters: 'backbone.*', lr_factor: 0.1}]",
        "optimizer.freeze=[{parameters: 'backbone.*', until: 2}]",
        "data.low_resolution={scales: [2, 4], probability: 0.5}",
    )
    run(recipe, people, tmp_path / "whole")
    for epoch in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            run(
                recipe,
                people,
                tmp_path / "parts",
                callbacks=[Interrupt(epoch)],
                resume=epoch > 1,
            )
    run(recipe, people, tmp_path / "parts", resume=True)
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    same_files(tmp_path / "parts", tmp_path / "whole")


def test_a_loss_that_is_no_number_names_the_images_of_its_batch(people, tiny, tmp_path):
    seen: list[int] = []

    class Spoil(Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if (trainer.current_epoch, batch_idx) == (1, 1):
                seen.extend(batch.pids.tolist())
                with torch.no_grad():
                    next(pl_module.network["model"].parameters()).fill_(float("nan"))

    with pytest.raises(DivergedError, match=r"became nan in epoch 2, batch 2;") as error:
        run(tiny(), people, tmp_path / "out", callbacks=[Spoil()])
    assert error.value.paths
    assert {int(path.split("/")[-1][:4]) for path in error.value.paths} == set(seen)
    assert all(path in str(error.value) for path in error.value.paths)


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_service_without_its_client_is_refused_at_once(people, tiny, tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'reid-core\[{name}\]'"):
        run(tiny(f"logging.{name}={{}}"), people, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tensorboard_can_be_left_away(people, tiny, tmp_path):
    run(tiny("logging.tensorboard=false", "schedule.epochs=1"), people, tmp_path / "out")
    assert not (tmp_path / "out" / "tensorboard").exists()
    assert len(rows(tmp_path / "out")) == 1
