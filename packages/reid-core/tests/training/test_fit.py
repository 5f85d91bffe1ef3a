"""A whole training on tiny people."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback

from reid_core.models import load_heads, load_model
from reid_core.training.fit import train
from reid_core.training.recipes.files import load_recipe
from reid_data import Records, UnreadableImagesError


class Interrupt(Callback):
    """Stops the training in the middle of an epoch, as Ctrl-C does."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if (trainer.current_epoch, batch_idx) == (self.epoch, 2):
            raise KeyboardInterrupt


def run(recipe, records, out, **options):
    return train(recipe, records, out=out, device="cpu", workers=0, **options)


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "metrics.csv").open() as file:
        return [
            {name: value for name, value in row.items() if name != "images_per_second"}
            for row in csv.DictReader(file)
        ]


def same_files(first: Path, second: Path) -> None:
    """The kept networks and the whole resumable state are equal, bit by bit."""
    for name in ("model.safetensors", "heads.safetensors"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    states = [torch.load(out / "training" / "last.ckpt") for out in (first, second)]
    for part in ("state_dict", "optimizer_states"):
        torch.testing.assert_close(states[0][part], states[1][part], rtol=0, atol=0)


def test_a_training_leaves_a_checkpoint_its_recipe_and_its_logs(people, tiny, tmp_path):
    out = tmp_path / "out"
    result = run(tiny(), people, out)
    assert result.folder == out
    assert result.epochs == 3
    assert result.images_per_second > 0
    assert {path.name for path in out.iterdir()} == {
        "README.md",
        "model.safetensors",
        "model.json",
        "heads.safetensors",
        "recipe.yaml",
        "metrics.csv",
        "tensorboard",
        "training",
    }
    model = load_model(out)
    images = torch.zeros(2, 3, 32, 16, dtype=torch.uint8)
    with torch.inference_mode():
        output = model(model.preprocessing.normalize(images))
    assert output.embedding.shape == (2, model.embedding_size)
    heads = load_heads(out)
    assert heads["cross_entropy.classifier.weight"].shape == (5, model.embedding_size)
    assert heads["center.centers"].shape == (5, model.embedding_size)
    assert load_recipe(out / "recipe.yaml").model_dump() == tiny().model_dump()
    assert "bag" not in json.loads((out / "model.json").read_text())
    log = rows(out)
    assert [row["epoch"] for row in log] == ["1", "2", "3"]
    for name in ("loss", "loss/cross_entropy", "loss/triplet", "loss/center", "mAP", "Rank-1"):
        assert all(np.isfinite(float(row[name])) for row in log)
    best = max(log, key=lambda row: float(row["mAP"]))
    assert result.best_epoch == int(best["epoch"])
    assert result.mAP == pytest.approx(float(best["mAP"]))
    total = [float(log[0][f"loss/{name}"]) for name in ("cross_entropy", "triplet", "center")]
    assert float(log[0]["loss"]) == pytest.approx(total[0] + total[1] + 5e-4 * total[2], rel=1e-5)
    # The cosine of three epochs, one of them warm-up, at 1e-3.
    assert [float(row["lr"]) for row in log] == pytest.approx([1e-3, 1e-3, 5e-4])


def test_one_seed_gives_one_training_and_another_seed_another(people, tiny, tmp_path):
    recipe = tiny("schedule.epochs=2")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.manual_seed(len(name) + seed)
        run(recipe, people, tmp_path / name, seed=seed)
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    same_files(tmp_path / "a", tmp_path / "b")
    assert rows(tmp_path / "a")[0]["loss"] != rows(tmp_path / "c")[0]["loss"]


def test_an_interrupted_and_resumed_training_is_the_uninterrupted_one(people, tiny, tmp_path):
    recipe = tiny("optimizer.ema_decay=0.8", "loss.triplet.start_epoch=1")
    run(recipe, people, tmp_path / "whole", seed=4)
    with pytest.raises(KeyboardInterrupt):
        run(recipe, people, tmp_path / "parts", seed=4, callbacks=[Interrupt(1)])
    assert [row["epoch"] for row in rows(tmp_path / "parts")] == ["1"]
    with pytest.raises(KeyboardInterrupt):
        run(recipe, people, tmp_path / "parts", seed=4, callbacks=[Interrupt(2)], resume=True)
    result = run(recipe, people, tmp_path / "parts", seed=4, resume=True)
    assert result.epochs == 3
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    same_files(tmp_path / "parts", tmp_path / "whole")


def test_a_training_killed_in_its_first_epoch_starts_again(people, tiny, tmp_path):
    recipe = tiny("schedule.epochs=1", "evaluation.val_identities=0")
    with pytest.raises(KeyboardInterrupt):
        run(recipe, people, tmp_path / "parts", callbacks=[Interrupt(0)])
    leftover = tmp_path / "parts" / ".model.safetensors.1.part"
    leftover.touch()
    run(recipe, people, tmp_path / "parts", resume=True)
    run(recipe, people, tmp_path / "whole")
    same_files(tmp_path / "parts", tmp_path / "whole")
    assert not leftover.exists()


def test_resuming_a_finished_run_says_what_it_found(people, tiny, tmp_path):
    recipe = tiny("schedule.epochs=1")
    result = run(recipe, people, tmp_path / "out")
    before = (tmp_path / "out" / "model.safetensors").stat()
    assert run(recipe, people, tmp_path / "out", resume=True) == result
    assert (tmp_path / "out" / "model.safetensors").stat() == before


def test_resuming_with_anything_else_is_refused_before_any_work(people, tiny, tmp_path):
    out = tmp_path / "out"
    recipe = tiny("schedule.epochs=0")
    run(recipe, people, out, seed=1)
    other = tiny("schedule.epochs=0", "loss.triplet.margin=0.5")
    with pytest.raises(ValueError, match=r"started with loss\.triplet\.margin=0\.3, came 0\.5"):
        run(other, people, out, seed=1, resume=True)
    with pytest.raises(ValueError, match="started with --seed 1, came 2"):
        run(recipe, people, out, seed=2, resume=True)
    fewer = people.take(np.arange(3, len(people)))
    with pytest.raises(ValueError, match="other images or ids"):
        run(recipe, fewer, out, seed=1, resume=True)
    with pytest.raises(ValueError, match="holds no run to resume"):
        run(recipe, people, tmp_path / "nothing", resume=True)


def test_a_used_folder_is_refused(people, tiny, tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="is not empty; name another --out"):
        run(tiny(), people, tmp_path)
    with pytest.raises(ValueError, match="is a file"):
        run(tiny(), people, tmp_path / "notes.txt")


def test_a_refused_training_leaves_no_folder(people, tiny, tmp_path):
    with pytest.raises(ValueError, match="resnet"):
        run(tiny("model.name=timm:rsnet50"), people, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_epochs_write_the_untrained_network(people, tiny, tmp_path):
    result = run(tiny("schedule.epochs=0"), people, tmp_path / "out", seed=3)
    assert (result.epochs, result.best_epoch, result.mAP) == (0, 0, None)
    torch.manual_seed(3)
    run(tiny("schedule.epochs=0", "optimizer.lr=1"), people, tmp_path / "again", seed=3)
    for name in ("model.safetensors", "heads.safetensors"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_validation_runs_at_its_interval_and_after_the_last_epoch(people, tiny, tmp_path):
    run(tiny("evaluation.every=2"), people, tmp_path / "out")
    assert [bool(row["mAP"]) for row in rows(tmp_path / "out")] == [False, True, True]


def test_without_validation_the_last_epoch_is_kept(people, tiny, tmp_path):
    recipe = tiny("evaluation.val_identities=0", "schedule.epochs=2")
    result = run(recipe, people, tmp_path / "out")
    assert (result.best_epoch, result.mAP, result.rank1) == (2, None, None)
    state = torch.load(tmp_path / "out" / "training" / "last.ckpt")["state_dict"]
    kept = load_model(tmp_path / "out").state_dict()
    last = {name.removeprefix("network.model."): value for name, value in state.items()}
    assert all(torch.equal(value, last[name]) for name, value in kept.items())


def test_the_epoch_that_validates_best_is_kept(people, tiny, tmp_path, monkeypatch):
    from reid_core.training.loop import validation

    scores = iter([0.25, 0.75, 0.75])
    original = validation.retrieval_metrics

    class Fixed:
        def __init__(self, *args, **kwargs) -> None:
            original(*args, **kwargs)
            self.mAP = next(scores)
            self.mINP = 0.0

        def rank(self, k: int) -> float:
            return self.mAP / 2

    monkeypatch.setattr(validation, "retrieval_metrics", Fixed)
    states = {}

    class Remember(Callback):
        def on_train_epoch_end(self, trainer, pl_module) -> None:
            weights = pl_module.trained[0].state_dict()
            states[trainer.current_epoch + 1] = {k: v.clone() for k, v in weights.items()}

    result = run(tiny(), people, tmp_path / "out", callbacks=[Remember()])
    assert (result.best_epoch, result.mAP, result.rank1) == (2, 0.75, 0.375)
    kept = load_model(tmp_path / "out").state_dict()
    assert all(torch.equal(value, states[2][name]) for name, value in kept.items())
    assert not all(torch.equal(value, states[3][name]) for name, value in kept.items())


def test_no_loader_touches_a_test_image(people, tiny, tmp_path):
    # The files of the test splits are gone: whoever opened one would notice.
    root = shutil.copytree(people.root, tmp_path / "people")
    for path in people.split("query", "gallery").table["path"]:
        (root / path).unlink()
    seen: list[int] = []

    class Watch(Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
            seen.extend(batch.camids.tolist())

        def on_validation_batch_start(self, trainer, pl_module, batch, *args) -> None:
            seen.extend(batch.camids.tolist())

    run(
        tiny("schedule.epochs=1"),
        Records(people.table, root),
        tmp_path / "out",
        callbacks=[Watch()],
    )
    # Only test images were taken by camera 3.
    assert set(seen) == {1, 2}


def test_unreadable_images_are_all_listed_or_left_out(people, tiny, tmp_path):
    root = shutil.copytree(people.root, tmp_path / "people")
    broken = [path for path in people.split("train").table["path"] if path.endswith("c1_0.png")][:3]
    for path in broken:
        (root / path).write_bytes(b"")
    records = Records(people.table, root)
    recipe = tiny("schedule.epochs=1")
    with pytest.raises(UnreadableImagesError) as error:
        run(recipe, records, tmp_path / "out")
    assert {path.name for path in error.value.paths} == set(broken)
    assert not (tmp_path / "out").exists()
    assert run(recipe, records, tmp_path / "out", skip_unreadable=True).epochs == 1


def test_two_workers_learn_what_none_would(people, tiny, tmp_path):
    recipe = tiny("schedule.epochs=2")
    run(recipe, people, tmp_path / "none")
    train(recipe, people, out=tmp_path / "two", device="cpu", workers=2)
    same_files(tmp_path / "none", tmp_path / "two")


def test_packed_images_teach_what_files_teach(people, tiny, tmp_path):
    for cache in ("files", "packed"):
        run(tiny("schedule.epochs=2", f"compute.cache={cache}"), people, tmp_path / cache)
    assert rows(tmp_path / "files") == rows(tmp_path / "packed")
    # Of training and of validation.
    assert len(list((people.root / ".reid-cache").glob("*.pack"))) == 2
