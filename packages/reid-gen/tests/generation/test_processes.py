"""Trainings in processes of their own: killed, and split over two."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import hashlib, os, signal, sys
from pathlib import Path
import torch
from lightning.pytorch import Callback
from reid_data import load_dataset
from reid_data.preprocess import read_poses
from reid_gen.generation import load_recipe, pose_images, train_gan

torch.set_num_threads(1)
world, recipe, out, end, devices, resume = Path(sys.argv[1]), *sys.argv[2:7]


class End(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        with open(f"{out}.seen.{trainer.global_rank}", "a") as file:
            file.write(f"{trainer.current_epoch} {sorted(batch.rows.tolist())}\\n")
        if (trainer.current_epoch, batch_idx) == (1, 2) and end != "none":
            os.kill(os.getpid(), getattr(signal, end))

    def on_train_end(self, trainer, pl_module):
        digest = hashlib.sha256()
        for tensor in pl_module.parameters():
            digest.update(tensor.detach().numpy().tobytes())
        Path(f"{out}.end.{trainer.global_rank}").write_text(digest.hexdigest())


train_gan(
    load_recipe(recipe),
    pose_images(
        load_dataset("market1501", world).split("train"),
        read_poses(world / "keypoints.csv"),
        canvas=(32, 16),
    ),
    out=out,
    device="cpu",
    devices=int(devices),
    resume=resume == "resume",
    callbacks=[End()],
)
"""


@pytest.fixture
def words(world: Path, recipe_file: Path, tmp_path: Path) -> list[str]:
    (tmp_path / "script.py").write_text(SCRIPT)
    return [sys.executable, str(tmp_path / "script.py"), str(world), str(recipe_file)]


@pytest.mark.slow
def test_a_killed_training_resumes_to_the_bits_of_one_that_was_not(
    words: list[str], tmp_path: Path
) -> None:
    whole, parts = str(tmp_path / "whole"), str(tmp_path / "parts")
    subprocess.run([*words, whole, "none", "1", "new"], check=True)
    killed = subprocess.run([*words, parts, "SIGKILL", "1", "new"], check=False)
    assert killed.returncode == -9
    subprocess.run([*words, parts, "none", "1", "resume"], check=True)
    ends = [Path(run, "generator.safetensors").read_bytes() for run in (whole, parts)]
    assert ends[0] == ends[1]


@pytest.mark.slow
def test_two_processes_learn_from_different_pairs_and_end_with_one_network(
    words: list[str], tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    out = str(tmp_path / "two")
    ranks = [
        subprocess.Popen(
            [*words, out, "none", "2", "new"],
            env={**os.environ, **address, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    try:
        assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    finally:
        for rank in ranks:
            rank.kill()
    seen = [Path(f"{out}.seen.{rank}").read_text().splitlines() for rank in range(2)]
    assert len(seen[0]) == len(seen[1]) == 6
    assert not set(seen[0]) & set(seen[1])
    ends = [Path(f"{out}.end.{rank}").read_text() for rank in range(2)]
    assert ends[0] == ends[1]
    assert Path(out, "generator.json").is_file()
