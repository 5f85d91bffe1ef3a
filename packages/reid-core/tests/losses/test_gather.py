"""Rows of two processes: the loss and the gradients of one process with all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from reid_core.losses import batch_hard_triplet_loss, gather_rows, supervised_contrastive_loss

from ..ranks import run_ranks

# Each process has half of the batch and a copy of the weights, whose gradients are averaged.
HALF = """
import os, sys, torch
from torch import distributed as dist
from reid_core.losses import batch_hard_triplet_loss, gather_rows, supervised_contrastive_loss

rank, folder = int(os.environ["RANK"]), sys.argv[1]
dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
images, labels, weight = torch.load(f"{folder}/batch.pt")
mine = slice(4 * rank, 4 * rank + 4)
weight.requires_grad_()
features = gather_rows(images[mine] @ weight)
everybody = gather_rows(labels[mine])
loss = batch_hard_triplet_loss(features, everybody)
loss = loss + supervised_contrastive_loss(features, everybody)
loss.backward()
dist.all_reduce(weight.grad)
torch.save((loss.detach(), weight.grad / 2, everybody), f"{folder}/{rank}.pt")
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_are_one_with_the_whole_batch(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    images, weight = torch.randn(8, 6, generator=generator), torch.randn(6, 5, generator=generator)
    labels = torch.tensor([0, 1, 2, 3, 0, 1, 2, 3])  # each one's positive is with the other process
    torch.save((images, labels, weight), tmp_path / "batch.pt")
    run_ranks(["-c", HALF, tmp_path])

    weight.requires_grad_()
    features = images @ weight
    loss = batch_hard_triplet_loss(features, labels) + supervised_contrastive_loss(features, labels)
    loss.backward()
    for rank in range(2):
        found, gradient, everybody = torch.load(tmp_path / f"{rank}.pt")
        torch.testing.assert_close(found, loss.detach(), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(gradient, weight.grad, rtol=1e-5, atol=1e-6)
        assert torch.equal(everybody, labels)


def test_one_process_keeps_its_rows() -> None:
    rows = torch.ones(2, 3)
    assert gather_rows(rows) is rows
