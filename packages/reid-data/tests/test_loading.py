"""Loaders: what a batch holds, and that workers change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from reid_data import (
    Augmentation,
    Batch,
    Draw,
    ImageDataset,
    PKSampler,
    Records,
    UnreadableImagesError,
    eval_loader,
    read_image,
    resize,
    train_loader,
)

SIZE = (32, 16)
Write = Callable[..., Path]


@pytest.fixture
def records(tmp_path: Path, write_image: Write) -> Records:
    """18 pictures of six people, some smaller and some larger than `SIZE`."""
    rows = []
    for row in range(18):
        size = (24 + 5 * (row % 5), 12 + 3 * (row % 4))
        write_image(tmp_path / f"{row}.jpg", seed=row, size=size)
        rows.append((f"{row}.jpg", 10 + row % 6, None if row == 4 else row % 3, "train"))
    return Records(pd.DataFrame(rows, columns=["path", "pid", "camid", "split"]), tmp_path)


def training(records: Records, **options: object) -> list[Batch]:
    loader = train_loader(
        records,
        image_size=SIZE,
        identities_per_batch=3,
        images_per_identity=2,
        **{"augmentation": Augmentation(pad=3), "seed": 5, **options},  # type: ignore[arg-type]
    )
    batches = []
    for epoch in (0, 1):
        loader.batch_sampler.set_epoch(epoch)  # type: ignore[union-attr]
        batches += list(loader)
    return batches


def assert_same(left: list[Batch], right: list[Batch]) -> None:
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.indices, other.indices)
        assert torch.equal(one.pids, other.pids)


def test_evaluation_gives_every_image_in_order(records: Records) -> None:
    batches = list(eval_loader(records, image_size=SIZE, batch_size=7))
    assert [len(batch) for batch in batches] == [7, 7, 4]
    images = torch.cat([batch.images for batch in batches])
    assert images.dtype == torch.uint8
    assert images.shape == (18, 3, *SIZE)
    expected = np.stack([resize(read_image(path), SIZE) for path in records.paths])
    np.testing.assert_array_equal(images.permute(0, 2, 3, 1).numpy(), expected)
    assert torch.cat([batch.pids for batch in batches]).tolist() == records.pids.tolist()
    assert torch.cat([batch.camids for batch in batches]).tolist() == records.camids.tolist()
    assert torch.cat([batch.indices for batch in batches]).tolist() == list(range(18))
    assert batches[0].labels is None
    assert batches[0].images.is_contiguous(memory_format=torch.channels_last)


def test_training_batches_have_labels_and_follow_the_sampler(records: Records) -> None:
    batches = training(records)
    sampler = PKSampler(records.pids, identities_per_batch=3, images_per_identity=2, seed=5)
    draws = list(sampler)
    assert [tuple(batch.indices.tolist()) for batch in batches[: len(draws)]] == [
        draw.indices for draw in draws
    ]
    for batch in batches:
        assert batch.labels is not None
        assert batch.pids.tolist() == records.pids[batch.indices].tolist()
        assert (batch.labels + 10).tolist() == batch.pids.tolist()
        assert batch.pids.dtype == batch.camids.dtype == batch.labels.dtype == torch.int64


def test_given_labels_are_kept(records: Records) -> None:
    labelled = Records(records.table.assign(label=records.pids * 7), records.root)
    for batch in training(labelled):
        assert batch.labels is not None
        assert (batch.labels == batch.pids * 7).all()


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(records: Records, workers: int) -> None:
    assert_same(training(records), training(records, workers=workers))
    alone, helped = (
        list(eval_loader(records, image_size=SIZE, batch_size=4, workers=count))
        for count in (0, workers)
    )
    assert_same(alone, helped)


def test_seed_and_epoch_change_the_pixels(records: Records) -> None:
    batches = training(records)
    assert_same(batches, training(records))
    other = training(records, seed=6)
    assert not torch.equal(batches[0].images, other[0].images)
    first, second = batches[: len(batches) // 2], batches[len(batches) // 2 :]
    assert [b.indices.tolist() for b in first] != [b.indices.tolist() for b in second]


def test_an_image_is_augmented_anew_in_each_draw_and_slot(records: Records) -> None:
    dataset = ImageDataset(records, image_size=SIZE, augmentation=Augmentation(pad=4))
    one = dataset.__getitems__(Draw((3, 3, 3, 3, 3, 3), seed=1)).images
    assert len(torch.unique(one, dim=0)) > 3
    assert torch.equal(one, dataset.__getitems__(Draw((3,) * 6, seed=1)).images)
    assert not torch.equal(one, dataset.__getitems__(Draw((3,) * 6, seed=2)).images)


def test_augmentation_is_what_the_transforms_do(records: Records) -> None:
    augmentation = Augmentation(pad=4)
    plain = ImageDataset(records, image_size=SIZE).__getitems__([2, 9, 4]).images
    drawn = ImageDataset(records, image_size=SIZE, augmentation=augmentation)
    images = drawn.__getitems__(Draw((2, 9, 4), seed=77)).images
    plans = augmentation.plan(3, SIZE, generator=np.random.default_rng(77))
    for before, after, plan in zip(plain, images, plans, strict=True):
        expected = augmentation.apply(before.permute(1, 2, 0).numpy(), plan)
        np.testing.assert_array_equal(after.permute(1, 2, 0).numpy(), expected)


def test_augmentation_without_a_seed_is_refused(records: Records) -> None:
    dataset = ImageDataset(records, image_size=SIZE, augmentation=Augmentation())
    with pytest.raises(ValueError, match="augmentation needs a seed"):
        dataset[0]


def test_an_index_gives_a_batch_of_one(records: Records) -> None:
    dataset = ImageDataset(records, image_size=SIZE)
    assert len(dataset) == 18
    batch = dataset[7]
    assert (len(batch), batch.indices.tolist()) == (1, [7])


def spoil(records: Records, *rows: int) -> None:
    for row in rows:
        path = records.paths[row]
        path.write_bytes(path.read_bytes()[:-40] if row % 2 else b"")


@pytest.mark.parametrize("workers", [0, 1])
def test_unreadable_images_are_left_out_and_reported(records: Records, workers: int) -> None:
    whole = list(eval_loader(records, image_size=SIZE, batch_size=3, workers=workers))
    spoil(records, 3, 4, 5, 17)  # a whole batch, and one image
    loader = eval_loader(
        records, image_size=SIZE, batch_size=3, workers=workers, skip_unreadable=True
    )
    batches = list(loader)
    assert [len(batch) for batch in batches] == [3, 0, 3, 3, 3, 2]
    assert [row for batch in batches for row, _ in batch.unreadable] == [3, 4, 5, 17]
    assert dict(batches[1].unreadable)[4] == "empty file"
    assert torch.equal(batches[5].images, whole[5].images[:2])
    assert batches[5].pids.tolist() == records.pids[15:17].tolist()
    assert batches[1].images.shape == (0, 3, *SIZE)


@pytest.mark.parametrize("workers", [0, 1])
def test_unreadable_images_stop_a_loader_that_may_not_skip(records: Records, workers: int) -> None:
    spoil(records, 7)
    with pytest.raises(UnreadableImagesError, match=r"7\.jpg") as caught:
        list(eval_loader(records, image_size=SIZE, batch_size=4, workers=workers))
    assert caught.value.paths == (records.paths[7],)
    with pytest.raises(UnreadableImagesError, match=r"7\.jpg"):
        training(records, workers=workers)


def test_ranks_load_different_images(records: Records) -> None:
    pairs = records.take(range(12))  # two pictures of each, so none is shown twice
    first, second = (
        set(training(pairs, rank=rank, world_size=2)[0].indices.tolist()) for rank in (0, 1)
    )
    assert not first & second
    assert first | second == set(range(12))


def test_a_batch_moves_as_a_whole(records: Records) -> None:
    batch = ImageDataset(records.relabel(), image_size=SIZE).__getitems__([0, 1])
    moved = batch.to("meta")
    assert moved.images.device.type == "meta"
    assert moved.labels is not None
    assert moved.labels.device.type == "meta"
    assert batch.images.device.type == "cpu"
    unlabelled = ImageDataset(records, image_size=SIZE)[0]
    assert unlabelled.to(torch.device("cpu")).labels is None


@pytest.mark.gpu
def test_a_pinned_batch_reaches_the_gpu_unchanged(records: Records) -> None:
    batch = ImageDataset(records, image_size=SIZE).__getitems__([0, 1])
    moved = batch.pin_memory().to("cuda", non_blocking=True)
    torch.cuda.synchronize()
    assert torch.equal(moved.images.cpu(), batch.images)
    assert moved.images.is_contiguous(memory_format=torch.channels_last)


def test_an_impossible_size_is_refused(records: Records) -> None:
    with pytest.raises(ValueError, match=r"image_size \(height, width\) must be positive"):
        ImageDataset(records, image_size=(0, 16))


def test_too_few_identities_are_told_before_loading(records: Records) -> None:
    with pytest.raises(ValueError, match="needs 8 different identities, the records have 6"):
        train_loader(
            records,
            identities_per_batch=8,
            images_per_identity=2,
            augmentation=None,
            seed=0,
        )
