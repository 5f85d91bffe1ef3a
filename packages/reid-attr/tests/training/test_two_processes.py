"""Two processes with half of each batch learn what one process learns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reid_attr import load_attribute_model
from reid_data import synthesize

# Nothing is random in this training but the order, which is that of whole batches.
SETTINGS = (
    "data.image_size=[64,32]",
    "data.validation=0.3",
    "data.people='_(\\d+)\\.jpg'",
    "data.augmentation.flip=0.0",
    "data.augmentation.pad=0",
    "model.name=test_convnext",
    "loss.gradnorm=true",
    "loss.gradnorm_lr=0.05",
    "optimizer.name=sgd",
    "optimizer.ema_decay=0.5",
    "schedule.epochs=2",
    "schedule.warmup_epochs=0",
    "precision=fp32",
)


def trained(root: Path, out: Path, *, processes: int) -> dict[str, torch.Tensor]:
    settings = [*SETTINGS, f"data.batch_size={8 // processes}"]
    words = ["train", "--data", "upar", "--root", root, "--out", out, "--device", "cpu"]
    words += ["--devices", processes, *(word for each in settings for word in ("--set", each))]
    command = [f"{sys.prefix}/bin/reid-attr", *map(str, words)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    state = torch.load(out / "training" / "last.ckpt", weights_only=True)["state_dict"]
    kept = load_attribute_model(out).state_dict()
    return {**state, **{f"kept.{name}": value for name, value in kept.items()}}


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    synthesize(
        tmp_path / "people",
        layout="upar",
        identities=12,
        test_identities=2,
        cameras=2,
        images_per_camera=2,
        height=64,
        width=32,
    )
    one = trained(tmp_path / "people", tmp_path / "one", processes=1)
    two = trained(tmp_path / "people", tmp_path / "two", processes=2)
    assert one.keys() == two.keys()
    weights = one["loss.gradnorm.weights"]
    assert (weights - 1).abs().max() > 0.01  # they moved
    torch.testing.assert_close(two, one, rtol=1e-3, atol=1e-4)
