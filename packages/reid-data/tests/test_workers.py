"""How many processes, threads and file descriptors the loaders take."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from reid_data import Augmentation, Records, eval_loader, train_loader
from reid_data.image_dataset import ImageDataset
from reid_data.loading import ImageLoader
from reid_data.workers import choose_workers, one_thread, usable_cores

Write = Callable[..., Path]
SIZE = (32, 16)


@pytest.fixture
def records(tmp_path: Path, write_image: Write) -> Records:
    for row in range(8):
        write_image(tmp_path / f"{row}.jpg", seed=row, size=(24, 12))
    rows = [(f"{row}.jpg", row % 4, 0, "train") for row in range(8)]
    return Records(pd.DataFrame(rows, columns=["path", "pid", "camid", "split"]), tmp_path)


def training(records: Records, **options: object) -> ImageLoader:
    return train_loader(
        records,
        image_size=SIZE,
        identities_per_batch=2,
        images_per_identity=2,
        augmentation=Augmentation(pad=2),
        seed=3,
        **options,  # type: ignore[arg-type]
    )


def test_few_images_need_no_process_and_many_dear_ones_take_all_but_one_core() -> None:
    assert choose_workers(5000, 1e-4, cores=64) == 0
    assert choose_workers(10**7, 5e-2, cores=64) == 16
    assert choose_workers(10**7, 5e-2, cores=4) == 3
    assert choose_workers(10**7, 5e-2, cores=1) == 0
    counts = [choose_workers(10**6, seconds, cores=12) for seconds in (1e-6, 1e-4, 5e-4, 1e-2)]
    assert counts == sorted(counts)
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_auto_takes_no_process_for_a_small_set(records: Records) -> None:
    for loader in (
        training(records, workers="auto"),
        eval_loader(records, image_size=SIZE, batch_size=4, workers="auto"),
    ):
        assert loader.num_workers == 0
        assert len(list(loader)) == 2
    assert ImageDataset(records, image_size=SIZE).seconds_per_image() > 0


def test_auto_takes_processes_where_loading_is_dear(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageDataset, "seconds_per_image", lambda self: 10.0)
    monkeypatch.setattr("reid_data.workers.usable_cores", lambda: 3)
    loader = eval_loader(records, image_size=SIZE, batch_size=4, workers="auto")
    assert loader.num_workers == 2


def test_loading_uses_one_thread_and_gives_the_others_back(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen = []
        monkeypatch.setattr(
            ImageDataset, "_fill", lambda *_: seen.append(torch.get_num_threads()) or {}
        )
        ImageDataset(records, image_size=SIZE).__getitems__([0])
        assert (seen, torch.get_num_threads()) == ([1], 2)
        with pytest.raises(KeyError), one_thread():
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


class Killed(ImageDataset):
    """A data set whose second batch ends the process that loads it, as the system does."""

    def __getitems__(self, wanted):  # type: ignore[no-untyped-def]
        if 4 in wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitems__(wanted)


def test_a_killed_worker_is_an_error_and_no_hang(records: Records) -> None:
    loader = eval_loader(records, image_size=SIZE, batch_size=4, workers=1)
    loader.dataset.__class__ = Killed
    timer = threading.Timer(60, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(RuntimeError, match=r"ended before its time .*fewer"):
            list(loader)
    finally:
        timer.cancel()


@pytest.mark.parametrize("workers", [0, 1])
def test_epochs_leave_no_file_open(records: Records, workers: int) -> None:
    loader = eval_loader(records, image_size=SIZE, batch_size=2, workers=workers)
    trainer = training(records, workers=workers)
    opened = []
    for epoch in range(4):
        trainer.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]
        for batch in (*loader, *trainer):
            del batch
        opened.append(len(list(Path("/proc/self/fd").iterdir())))
    assert opened[-1] <= opened[0] + 1


class Seeds(ImageDataset):
    """A data set of others, which draws from the global generators."""

    def __getitems__(self, wanted):  # type: ignore[no-untyped-def]
        batch = super().__getitems__(wanted)
        batch.labels[:] = torch.randint(2**40, ())
        return batch


def test_what_others_draw_in_workers_follows_the_seed(records: Records) -> None:
    def drawn(seed: int) -> list[int]:
        loader = training(records, workers=1)
        loader.generator.manual_seed(seed)
        loader.dataset.__class__ = Seeds
        return [int(batch.labels[0]) for batch in loader if batch.labels is not None]

    torch.manual_seed(0)
    first = drawn(3)
    torch.manual_seed(1)
    assert drawn(3) == first
    assert drawn(4) != first


def test_a_loader_leaves_the_global_generators_alone(records: Records) -> None:
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()
    list(training(records))
    list(eval_loader(records, image_size=SIZE, batch_size=4))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]
