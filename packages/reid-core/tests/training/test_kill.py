"""Trainings in processes of their own: killed, and split over two."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reid_core.models import load_model

from ..ranks import run_ranks
from .conftest import TINY, tiny_people

SCRIPT = """
import hashlib, os, signal, sys
from pathlib import Path
import torch
from lightning.pytorch import Callback
from reid_core.training import load_recipe, train
from reid_core.training.loop.sharding import whole
from reid_data import Records

torch.set_num_threads(1)
# Whatever started the tests may have this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
folder, out, end, strategy, devices, resume = Path(sys.argv[1]), *sys.argv[2:7]


class End(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        with open(f"{out}.seen.{trainer.global_rank}", "a") as file:
            file.write(f"{trainer.current_epoch} {sorted(batch.indices.tolist())}\\n")
        if (trainer.current_epoch, batch_idx) == (1, 2) and end != "none":
            os.kill(os.getpid(), getattr(signal, end))

    def on_train_end(self, trainer, pl_module):
        digest = hashlib.sha256()
        for tensor in whole(pl_module.state_dict()).values():
            digest.update(tensor.numpy().tobytes())
        Path(f"{out}.end.{trainer.global_rank}").write_text(digest.hexdigest())


train(
    load_recipe(folder / "tiny.yaml"),
    Records.from_csv(folder / "people.csv"),
    out=out,
    device="cpu",
    workers=1,
    devices=int(devices),
    strategy=strategy,
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


def command(folder, out, *, end="none", strategy="ddp", devices=1, how="new") -> list[str]:
    script = [folder / "script.py", folder, folder / out, end, strategy, devices, how]
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
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_see_different_batches_and_end_with_one_network(folder, strategy):
    run_ranks(command(folder, "two", devices=2, strategy=strategy)[1:])
    seen = [Path(f"{folder / 'two'}.seen.{rank}").read_text().splitlines() for rank in range(2)]
    assert len(seen[0]) == len(seen[1])
    assert not set(seen[0]) & set(seen[1])
    ends = [Path(f"{folder / 'two'}.end.{rank}").read_text() for rank in range(2)]
    assert ends[0] == ends[1]
    assert load_model(folder / "two").embedding_size
