"""Trainings by two processes."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only as fabric_rank_zero_only
from lightning.pytorch.plugins.environments import SLURMEnvironment
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from reid_core.models import load_model
from reid_core.training.loop.trainer import build_trainer
from reid_core.training.recipes.files import load_recipe
from reid_data import Records

from ..ranks import free_port, run_ranks
from . import halves
from .conftest import TINY, tiny_people
from .test_fit import run, same_files

SHARES = """
import shutil, sys
from pathlib import Path
import torch
from lightning.pytorch import Callback
from reid_core.training import load_recipe, train
from reid_data import Records


class Interrupt(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == (1, 1):
            raise KeyboardInterrupt


def run(out, **options):
    recipe, people = load_recipe(folder / "tiny.yaml"), Records.from_csv(folder / "people.csv")
    place = {"out": folder / out, "device": "cpu", "workers": 0, "devices": 2}
    train(recipe, people, strategy="fsdp", **place, **options)
    torch.distributed.barrier()


torch.set_num_threads(1)
folder = Path(sys.argv[1])
run("whole")
try:
    run("parts", callbacks=[Interrupt()])
except KeyboardInterrupt:
    torch.distributed.barrier()
    if torch.distributed.get_rank() == 0:
        shutil.copytree(folder / "parts", folder / "alone")
    torch.distributed.barrier()
run("parts", resume=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_learn_what_one_does_with_the_whole_batch(tmp_path: Path, strategy: str):
    """Five kinds of terms, two optimisers, accumulation and clipping."""
    run_ranks([halves.__file__, strategy, "cpu", 2, tmp_path])
    expected = halves.trained("ddp", "cpu", processes=1)
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt")
        assert found.keys() == expected.keys()
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_two_machines_learn_what_one_process_does_with_the_whole_batch(tmp_path: Path):
    run_ranks([*two_machines(), halves.__file__, "ddp", "cpu", 2, tmp_path, 2], stop=signal.SIGTERM)
    expected = halves.trained("ddp", "cpu", processes=1)
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt")
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def two_machines() -> list[str]:
    """What one gives torchrun on each of two machines with a process each; here both are this."""
    meeting = f"--rdzv-endpoint=127.0.0.1:{free_port()}"
    machines = ("--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--rdzv-id=reid")
    return ["-m", "torch.distributed.run", *machines, meeting]


@pytest.mark.slow
def test_a_network_of_shares_resumes_to_the_bits_and_also_as_a_whole_one(tmp_path: Path):
    people = tiny_people(tmp_path, identities=12)
    people.to_csv(tmp_path / "people.csv")
    (tmp_path / "tiny.yaml").write_text(TINY)
    run_ranks(["-c", SHARES, tmp_path])
    same_files(tmp_path / "parts", tmp_path / "whole")
    recipe = load_recipe(tmp_path / "tiny.yaml")
    result = run(recipe, Records.from_csv(tmp_path / "people.csv"), tmp_path / "alone", resume=True)
    assert result.epochs == 3
    assert (
        load_model(tmp_path / "alone").embedding_size
        == load_model(tmp_path / "parts").embedding_size
    )


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["torchrun", "itself", "two machines"])
def test_two_processes_write_one_folder_whoever_starts_them(tmp_path: Path, launcher: str):
    tiny_people(tmp_path, identities=12).to_csv(tmp_path / "people.csv")
    (tmp_path / "tiny.yaml").write_text(TINY)
    out = tmp_path / "out"
    starts = {
        "torchrun": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"],
        "itself": [],
        "two machines": two_machines(),
    }
    devices, nodes = (1, 2) if launcher == "two machines" else (2, 1)
    said = run_ranks(
        [
            *(*starts[launcher], f"{sys.prefix}/bin/reid-core", "train"),
            *("--recipe", tmp_path / "tiny.yaml", "--out", out),
            *("--data", "csv", "--root", tmp_path / "people.csv", "--device", "cpu"),
            *("--workers", 0, "--devices", devices, "--nodes", nodes, "--json"),
        ],
        ranks=nodes,
        stop=signal.SIGTERM,
    )
    # The first process speaks for both.
    assert "".join(said).count('"folder"') == "".join(said).count('"best_epoch"') == 1, said
    assert load_model(out).embedding_size
    assert {path.name for path in out.iterdir()} == {
        *("model.safetensors", "model.json", "heads.safetensors", "recipe.yaml", "metrics.csv"),
        *("README.md", "tensorboard", "training"),
    }


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "def wait(): time.sleep(60)\nwait()",
            r"\[0, 1\] were stopped(.*\n)*.* in wait(.*\n)*.* in wait",
        ),
        ("exit(3) if os.environ['RANK'] == '1' else time.sleep(60)", "rank 1, code 3"),
    ],
)
def test_ranks_that_wait_for_nothing_end_soon_and_say_where_they_are(code: str, said: str):
    started = time.monotonic()
    with pytest.raises(AssertionError, match=said):
        run_ranks(["-c", f"import os, time\n{code}"], seconds=2)
    assert time.monotonic() - started < 30


def test_a_job_of_slurm_is_recognised(monkeypatch: pytest.MonkeyPatch):
    job = {"JOB_ID": 7, "JOB_NAME": "reid", "NTASKS": 6, "NTASKS_PER_NODE": 3, "NNODES": 2}
    place = {"PROCID": 4, "LOCALID": 1, "NODEID": 1, "NODELIST": "gpu[01-02]"}
    # Lightning tells all loggers which rank it has found; later tests are the first rank again.
    monkeypatch.setattr(fabric_rank_zero_only, "rank", 0)
    monkeypatch.setattr(rank_zero_only, "rank", 0)
    for name, value in (job | place).items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    trainer = build_trainer(epochs=1, device=torch.device("cpu"), devices=3, nodes=2)
    environment = trainer.strategy.cluster_environment
    assert isinstance(environment, SLURMEnvironment)
    assert environment.main_address == "gpu01"
    assert (trainer.world_size, trainer.global_rank, trainer.local_rank) == (6, 4, 1)
