"""Trainings in processes of their own: killed, and split over two."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reid_core.models import load_model

from .conftest import TINY, tiny_people

SCRIPT = """
import hashlib, os, signal, sys
from pathlib import Path
import torch
from lightning.pytorch import Callback
from reid_core.training import load_recipe, train
from reid_data import Records

torch.set_num_threads(1)
folder, out, end, devices, resume = Path(sys.argv[1]), *sys.argv[2:6]


class End(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        with open(f"{out}.seen.{trainer.global_rank}", "a") as file:
            file.write(f"{trainer.current_epoch} {sorted(batch.indices.tolist())}\\n")
        if (trainer.current_epoch, batch_idx) == (1, 2) and end != "none":
            os.kill(os.getpid(), getattr(signal, end))

    def on_train_end(self, trainer, pl_module):
        digest = hashlib.sha256()
        for tensor in pl_module.state_dict().values():
            digest.update(tensor.numpy().tobytes())
        Path(f"{out}.end.{trainer.global_rank}").write_text(digest.hexdigest())


train(
    load_recipe(folder / "tiny.yaml"),
    Records.from_csv(folder / "people.csv"),
    out=out,
    device="cpu",
    workers=1,
    devices=int(devices),
    resume=resume == "resume",
    callbacks=[End()],
)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_people(tmp_path, identities=12).to_csv(tmp_path / "people.csv")
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def command(folder: Path, out: str, *, end: str = "none", devices: int = 1, how: str = "new"):
    script = [folder / "script.py", folder, folder / out, end, devices, how]
    return [sys.executable, *map(str, script)]


@pytest.mark.slow
@pytest.mark.parametrize(("end", "code"), [("SIGKILL", -9), ("SIGINT", -2), ("SIGTERM", 143)])
def test_a_killed_training_resumes_to_the_bits_of_one_that_was_not(folder, end, code):
    subprocess.run(command(folder, "whole"), check=True)
    assert subprocess.run(command(folder, "parts", end=end), check=False).returncode == code
    subprocess.run(command(folder, "parts", how="resume"), check=True)
    for name in ("model.safetensors", "heads.safetensors"):
        assert (folder / "parts" / name).read_bytes() == (folder / "whole" / name).read_bytes()
    states = [torch.load(folder / out / "training" / "last.ckpt") for out in ("parts", "whole")]
    for part in ("state_dict", "optimizer_states"):
        torch.testing.assert_close(states[0][part], states[1][part], rtol=0, atol=0)


@pytest.mark.slow
def test_two_processes_see_different_batches_and_end_with_one_network(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    ranks = [
        subprocess.Popen(
            command(folder, "two", devices=2),
            env={**os.environ, **address, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    seen = [Path(f"{folder / 'two'}.seen.{rank}").read_text().splitlines() for rank in range(2)]
    assert len(seen[0]) == len(seen[1])
    assert not set(seen[0]) & set(seen[1])
    ends = [Path(f"{folder / 'two'}.end.{rank}").read_text() for rank in range(2)]
    assert ends[0] == ends[1]
    assert load_model(folder / "two").embedding_size
