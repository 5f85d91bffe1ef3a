"""Embedding into a folder: killed and resumed, shared among processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from reid_data import Records, UnreadableImagesError, from_images
from reid_eval import Embeddings, Views, embed, embed_to

Paint = Callable[..., Path]


@pytest.fixture
def people(tmp_path: Path, write_picture: Paint) -> Path:
    for row in range(23):
        write_picture(tmp_path / "people" / f"{row % 3:04d}_c{row % 2 + 1}s1_{row:06d}.png", row)
    return tmp_path / "people"


@pytest.fixture
def records(people: Path) -> Records:
    return from_images(people)


class Fragile:
    """Fails at its n-th batch."""

    image_size, embedding_size, fingerprint = (32, 16), 3, "fragile"
    device = torch.device("cpu")

    def __init__(self, lives: int = 1000) -> None:
        self.lives = lives
        self.sizes: list[int] = []

    def describe(self) -> dict[str, Any]:
        return {}

    def __call__(self, images: Tensor) -> Tensor:
        if len(self.sizes) == self.lives:
            raise RuntimeError("the machine is gone")
        self.sizes.append(len(images))
        return images.float().mean(dim=(2, 3))


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_folder_is_that_of_an_embedding_in_memory(records: Records, tmp_path: Path) -> None:
    in_memory = embed(Fragile(), records, batch_size=4, workers=0)
    found = embed_to(tmp_path / "out", Fragile(), records, batch_size=4, workers=0)
    np.testing.assert_array_equal(found.features, in_memory.features)
    pd.testing.assert_frame_equal(found.table, in_memory.table)
    assert hidden(tmp_path) == []


def test_a_broken_pass_goes_on_where_it_was(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid_eval.journal._SECONDS", -1.0)
    with pytest.raises(RuntimeError, match="the machine is gone"):
        embed_to(tmp_path / "out", Fragile(lives=3), records, batch_size=4, workers=0)
    assert not (tmp_path / "out").exists()
    again, steps = Fragile(), list[int]()
    found = embed_to(
        tmp_path / "out", again, records, batch_size=4, workers=0, advance=steps.append
    )
    # One batch of the three was still on its way; what is left is embedded in the same batches.
    assert again.sizes == [4, 4, 4, 3]
    assert steps == [8, 4, 4, 4, 3]
    expected = embed(Fragile(), records, batch_size=4, workers=0)
    np.testing.assert_array_equal(found.features, expected.features)


@pytest.mark.parametrize("change", ["model", "views", "batch size", "images"])
def test_another_pass_starts_afresh(
    records: Records,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write_picture: Paint,
    change: str,
) -> None:
    monkeypatch.setattr("reid_eval.journal._SECONDS", -1.0)
    with pytest.raises(RuntimeError):
        embed_to(tmp_path / "out", Fragile(lives=4), records, batch_size=4, workers=0)
    model = Fragile()
    settings: dict[str, Any] = {"batch_size": 4}
    if change == "model":
        model.fingerprint = "another"
    elif change == "views":
        settings["views"] = Views(flip=True)
    elif change == "batch size":
        settings["batch_size"] = 5
    else:
        write_picture(records.paths[0], 99)
        os.utime(records.paths[0], (1, 1))
    found = embed_to(tmp_path / "out", model, records, workers=0, **settings)
    expected = embed(Fragile(), records, workers=0, **settings)
    assert sum(model.sizes) == len(records) * (2 if change == "views" else 1)
    np.testing.assert_array_equal(found.features, expected.features)


def test_a_repaired_image_is_all_that_is_embedded_again(records: Records, tmp_path: Path) -> None:
    broken = records.paths[6]
    whole, seen = broken.read_bytes(), broken.stat()
    # Of the same length and time: only decoding can tell.
    broken.write_bytes(whole[:60] + bytes(len(whole) - 60))
    os.utime(broken, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    with pytest.raises(UnreadableImagesError) as caught:
        embed_to(tmp_path / "out", Fragile(), records, batch_size=4, workers=0)
    assert list(caught.value.paths) == [broken]
    broken.write_bytes(whole)
    os.utime(broken, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    again = Fragile()
    found = embed_to(tmp_path / "out", again, records, batch_size=4, workers=0)
    assert again.sizes == [4]
    expected = embed(Fragile(), records, batch_size=4, workers=0)
    np.testing.assert_array_equal(found.features, expected.features)


def test_skipping_leaves_unreadable_images_out(records: Records, tmp_path: Path) -> None:
    records.paths[2].unlink()
    found = embed_to(
        tmp_path / "out", Fragile(), records, batch_size=4, workers=0, skip_unreadable=True
    )
    assert found.meta["unreadable"] == 1
    assert found.paths == [path.absolute() for path in records.paths if path.exists()]


@pytest.mark.parametrize("world_size", [2, 3, 7])
def test_shares_of_several_processes_add_up(
    records: Records, tmp_path: Path, world_size: int
) -> None:
    """One after the other, the last one first, as a barrier would let them."""
    expected = embed(Fragile(), records, batch_size=4, workers=0)
    models = [Fragile() for _ in range(world_size)]

    class StopError(Exception):
        pass

    def run(rank: int, stop: bool) -> Embeddings | None:
        calls = iter([None, None, None])

        def wait() -> None:
            next(calls)
            if stop and sum(models[rank].sizes):
                raise StopError

        return embed_to(
            tmp_path / "out",
            models[rank],
            records,
            batch_size=4,
            workers=0,
            rank=rank,
            world_size=world_size,
            wait_for_all=wait,
        )

    with pytest.raises(StopError):
        run(0, stop=True)
    for rank in range(1, world_size):
        if rank * 4 < len(records):
            with pytest.raises(StopError):
                run(rank, stop=True)
    found = run(0, stop=False)
    assert found is not None
    np.testing.assert_array_equal(found.features, expected.features)
    assert sum(sum(model.sizes) for model in models) == len(records)


SLOW_MODEL = """
import time, tiny_model

class Slow(tiny_model.Pixels):
    def __call__(self, images):
        time.sleep(0.15)
        return super().__call__(images)

def embedder(device):
    return Slow(device)
"""


def command(folder: Path, *more: str) -> list[str]:
    (folder / "slow_model.py").write_text(SLOW_MODEL)
    script = folder / "run.py"
    script.write_text("from reid_eval.cli import main\nmain()\n")
    return [
        *(sys.executable, str(script), "embed", "--model", "slow_model:embedder"),
        *("--images", str(folder / "people"), "--out", str(folder / "out")),
        *("--batch-size", "1", "--workers", "0", "--backend", "torch", "--json", *more),
    ]


@pytest.mark.slow
def test_a_killed_command_goes_on(tiny_model: str, people: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(command(tmp_path), cwd=tmp_path, stdout=subprocess.DEVNULL)
    journal = tmp_path / ".out.embedding" / "done.npy"
    limit = time.monotonic() + 60
    while not (journal.exists() and np.load(journal).any()) and time.monotonic() < limit:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = int(np.load(journal).sum())
    assert 0 < done < 23
    finished = subprocess.run(command(tmp_path), cwd=tmp_path, capture_output=True, check=True)
    facts = json.loads(finished.stdout)
    assert facts["count"] == 23
    assert facts["seconds"] < 0.15 * 23 + 2
    result = Embeddings.load(tmp_path / "out")
    assert np.isfinite(result.features).all()
    assert not journal.exists()


@pytest.mark.slow
def test_two_processes_write_the_folder_of_one(
    tiny_model: str, people: Path, tmp_path: Path
) -> None:
    one = tmp_path / "one"
    subprocess.run(
        command(tmp_path, "--out", str(one)), cwd=tmp_path, check=True, capture_output=True
    )
    run = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")
    both = [sys.executable, *run, *command(tmp_path)[1:]]
    finished = subprocess.run(both, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(finished.stdout)["count"] == 23
    first, second = Embeddings.load(one), Embeddings.load(tmp_path / "out")
    np.testing.assert_array_equal(first.features, second.features)
    pd.testing.assert_frame_equal(first.table, second.table)
