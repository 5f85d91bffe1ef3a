"""The verbs `train` and `recipes`, as typed in a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from .conftest import TINY

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(script: Run) -> Run:
    """Run a verb; gives exit code, stdout and stderr."""
    return partial(script, "reid-core")


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """A Market-1501 folder of tiny images."""
    generator = np.random.default_rng(0)
    for folder, pids in (
        ("bounding_box_train", range(1, 9)),
        ("query", (11, 12)),
        ("bounding_box_test", (0, 11, 12)),
    ):
        (tmp_path / "market" / folder).mkdir(parents=True)
        for pid in pids:
            for camera in (1, 2):
                for shot in (1, 2):
                    name = f"{pid:04d}_c{camera}s1_{shot:06d}_00.jpg"
                    pixels = generator.integers(0, 255, (32, 16, 3), dtype=np.uint8)
                    Image.fromarray(pixels).save(tmp_path / "market" / folder / name)
    return tmp_path / "market"


@pytest.fixture
def typed(market: Path, tmp_path: Path) -> list[object]:
    """The arguments that every training here shares."""
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(TINY)
    where = ["--data", "market1501", "--root", market, "--out", tmp_path / "out"]
    return ["train", *where, "--recipe", recipe, "--device", "cpu", "--workers", "0"]


def test_a_training_ends_with_a_table(run, typed, tmp_path):
    code, out, err = run(*typed, "--set", "schedule.epochs=2", "--seed", 3)
    assert code == 0, err
    for row in ("epochs", "validation mAP", "validation Rank-1", "training speed", "images/s"):
        assert row in out
    assert "epoch 2/2   loss" in err
    assert "epoch 2/2   loss" not in out
    assert json.loads((tmp_path / "out" / "model.json").read_text())["metadata"]["seed"] == 3


def test_the_result_as_json_can_be_read_by_machines(run, typed, tmp_path):
    code, out, _ = run(*typed, "--set", "schedule.epochs=0", "--json")
    assert code == 0
    result = json.loads(out)
    assert result["folder"] == str(tmp_path / "out")
    assert (result["epochs"], result["mAP"]) == (0, None)


@pytest.mark.slow
def test_nothing_but_results_and_progress_is_printed(typed):
    """In a process of its own, where every warning and log line of every library would show."""
    body = "import sys; from reid_core.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", body, *map(str, typed), "--set", "schedule.epochs=1"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stderr.splitlines()
    assert [line.split()[0] for line in lines] == ["checking", "epoch", "training"], done.stderr


def test_resume_takes_recipe_and_seed_from_the_folder_and_says_when_it_is_done(run, typed):
    assert run(*typed, "--set", "schedule.epochs=1", "--seed", 5)[0] == 0
    at = typed.index("--recipe")
    bare = [*typed[:at], *typed[at + 2 :], "--resume"]
    code, out, err = run(*bare)
    assert code == 0
    assert "finished already" in err
    assert "validation mAP" in out
    code, _, err = run(*bare, "--set", "optimizer.lr=0.5")
    assert code == 2
    assert "was started with optimizer.lr=0.001, came 0.5" in err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--set", "optimizer.lrr=1"], "did you mean 'optimizer.lr'?"),
        (["--recipe", "basline"], "did you mean 'baseline'?"),
        (["--data", "market1502"], "market1501"),
        (["--root", "/nowhere"], "/nowhere"),
        (["--device", "cuda:99"], "device"),
        (["--set", "model.name=timm:resnt50"], "resnet50"),
        (["--set", "data.identities_per_batch=16"], "only 5 identities"),
        (["--resume"], "holds no run to resume"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, typed, extra, message, tmp_path):
    code, out, err = run(*typed, *extra)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_unreadable_images_are_listed_or_skipped_and_counted(run, typed, market, caplog):
    broken = sorted((market / "bounding_box_train").iterdir())[:2]
    for path in broken:
        path.write_bytes(b"")
    code, _, err = run(*typed)
    assert code == 2
    assert "2 images cannot be read" in err
    assert all(str(path) in err for path in broken)
    code, _, err = run(*typed, "--skip-unreadable", "--set", "schedule.epochs=1")
    assert code == 0
    assert "2 unreadable images left out" in caplog.text


def test_recipes_are_listed_with_what_they_are_and_printed(run, tmp_path):
    code, out, _ = run("recipes")
    assert code == 0
    assert "baseline" in out
    assert "small" in out
    _, out, _ = run("recipes", "--json")
    assert {"baseline", "small", "low-resolution"} <= {row["recipe"] for row in json.loads(out)}
    _, out, _ = run("recipes", "baseline")
    assert yaml.safe_load(out)["model"]["name"] == "timm:resnet50"
    assert run("recipes", "basline")[0] == 2


def test_the_verbs_load_no_torch():
    probe = "import reid_core.training.command, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_every_public_name_resolves():
    import reid_core.training as training

    for name in training.__all__:
        assert getattr(training, name) is not None


def test_runs_end_with_their_mean_and_deviation_and_go_on(run, typed, tmp_path):
    arguments = [*typed, "--set", "schedule.epochs=1", "--runs", 2, "--seed", 4]
    code, out, err = run(*arguments)
    assert code == 0, err
    assert [word in out for word in ("run_0", "run_1", "mean", "deviation")] == [True] * 4
    seeds = [
        json.loads((tmp_path / "out" / name / "model.json").read_text())["metadata"]["seed"]
        for name in ("run_0", "run_1")
    ]
    assert seeds == [4, 5]
    before = (tmp_path / "out" / "run_1" / "model.safetensors").stat()
    code, out, _ = run(*arguments, "--json")
    assert code == 0
    assert [row["epochs"] for row in json.loads(out)["runs"]] == [1, 1]
    assert (tmp_path / "out" / "run_1" / "model.safetensors").stat() == before


def test_scale_trains_and_validates_on_reduced_images(run, typed, tmp_path):
    code, _, err = run(*typed, "--set", "schedule.epochs=1", "--scale", 4)
    assert code == 0, err
    recipe = yaml.safe_load((tmp_path / "out" / "recipe.yaml").read_text())
    assert recipe["data"]["low_resolution"]["scales"] == [4]
    assert recipe["evaluation"]["query_scale"] == 4


def test_finetuning_begins_with_a_checkpoint_and_its_architecture(run, typed, tmp_path, caplog):
    assert run(*typed, "--set", "schedule.epochs=0", "--set", "model.pooling=gem")[0] == 0
    source, out = tmp_path / "out", tmp_path / "tuned"
    words = ["finetune", *typed[1:], "--init-from", source]
    words[words.index("--out") + 1] = out
    code, _, err = run(*words, "--set", "schedule.epochs=0", "--with-heads", "--seed", 9)
    assert code == 0, err
    assert f"began with {source}" in caplog.text
    for name in ("model.safetensors", "heads.safetensors"):
        assert (out / name).read_bytes() == (source / name).read_bytes()
    recipe = yaml.safe_load((out / "recipe.yaml").read_text())
    assert recipe["model"]["pooling"] == "gem"
    code, _, err = run(*words[:-1], tmp_path / "nothing", "--set", "schedule.epochs=0")
    assert code == 2
    assert "there is nothing at" in err


def test_a_loss_that_is_no_number_is_told_with_its_images(run, typed, market):
    code, _, err = run(*typed, "--set", "optimizer.lr=1e30")
    assert code == 2
    assert "the loss became" in err
    named = [line.strip() for line in err.splitlines() if line.endswith(".jpg")]
    assert named
    assert all(Path(path).parent == market / "bounding_box_train" for path in named)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--with-heads"], "--init-from, which is missing"),
        (["--init-from", "/nowhere"], "/nowhere"),
        (["--strategy", "fsdp", "--set", "optimizer.ema_decay=0.9"], "keeps no average"),
        (["--set", "logging.wandb={}"], "pip install 'reid-core[wandb]'"),
        (["--set", "evaluation.patience=2", "--set", "evaluation.val_identities=0"], "patience"),
    ],
)
def test_options_that_cannot_be_are_refused(run, typed, extra, message, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "wandb", None)
    code, out, err = run(*typed, *extra)
    assert (code, out) == (2, "")
    assert message in err
    assert not (tmp_path / "out").exists()


def test_a_second_data_set_is_named_beside_the_first_and_told_of_while_it_resumes(
    run, typed, market, tmp_path
):
    second = ["--second-data", "market1501", "--second-root", market]
    asked = ["--set", "schedule.epochs=1", "--set", "data.second.order=alternating"]
    code, _, err = run(*typed, *asked, *second)
    assert code == 0, err
    assert yaml.safe_load((tmp_path / "out" / "recipe.yaml").read_text())["data"]["second"]
    code, _, err = run(*typed, *asked, "--resume")
    assert (code, "name it by --second-data" in err) == (2, True)
    code, _, err = run(*typed, *asked, *second, "--resume")
    assert (code, "finished already" in err) == (0, True)
    code, _, err = run(*typed, "--second-root", market)
    assert (code, "--second-root is the folder of --second-data" in err) == (2, True)


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_service_hears_of_every_epoch(run, typed, name, monkeypatch):
    from lightning.pytorch import loggers

    heard: list[tuple[dict[str, float], int]] = []

    class Service(loggers.CSVLogger):
        def __init__(self, **options: object) -> None:
            super().__init__(str(options["save_dir"]))
            assert options["offline" if name == "wandb" else "tracking_uri"]

        def log_metrics(self, metrics, step=None) -> None:
            heard.append((metrics, step))

    monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setattr(loggers, {"wandb": "WandbLogger", "mlflow": "MLFlowLogger"}[name], Service)
    options = {"wandb": "{offline: true}", "mlflow": "{tracking_uri: here}"}[name]
    code, _, err = run(*typed, "--set", f"logging.{name}={options}", "--set", "schedule.epochs=2")
    assert code == 0, err
    assert {step for _, step in heard} == {1, 2}
    assert {"loss", "mAP", "lr"} <= {key for values, _ in heard for key in values}
