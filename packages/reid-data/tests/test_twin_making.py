"""Batches with changed copies of their images, and with further labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from reid_data import Augmentation, Batch, ImageDataset, Records, train_loader
from reid_data.colours import ColourJitter
from reid_data.twin_making import Twin

SIZE = (32, 16)


class Darker:
    """Halves every value, and says that the clothes are others."""

    def __init__(self, *, aligned: bool) -> None:
        self.aligned = aligned

    def make(self, image, row: int, *, generator: np.random.Generator) -> Twin:
        return Twin(image // 2, {"clothes": 100 + row})


@pytest.fixture
def records(tmp_path: Path, write_image: Callable[..., Path]) -> Records:
    rows = []
    for row in range(12):
        write_image(tmp_path / f"{row}.png", seed=row, size=(40, 20))
        rows.append((f"{row}.png", row % 4, 1, "train", row % 3 - 1, row))
    columns = ["path", "pid", "camid", "split", "label_clothes", "label_pose"]
    return Records(pd.DataFrame(rows, columns=columns), tmp_path)


def batches(records: Records, twin: object, **options: object) -> list[Batch]:
    loader = train_loader(
        records,
        image_size=SIZE,
        identities_per_batch=2,
        images_per_identity=3,
        **{"augmentation": Augmentation(pad=3), "seed": 5, **options},  # type: ignore[arg-type]
        twin=twin,  # type: ignore[arg-type]
    )
    return list(loader)


def test_columns_of_labels_become_targets(records: Records) -> None:
    for batch in batches(records, None):
        assert set(batch.targets) == {"clothes", "pose"}
        assert torch.equal(batch.targets["pose"], batch.indices)
        assert torch.equal(batch.targets["clothes"], batch.indices % 3 - 1)
        assert batch.twins is None


def test_copies_follow_their_originals_with_labels_of_their_own(records: Records) -> None:
    plain = batches(records, None)
    for before, batch in zip(plain, batches(records, Darker(aligned=True)), strict=True):
        assert batch.twins.tolist() == [False] * 6 + [True] * 6
        assert torch.equal(batch.images[:6], before.images)
        for name in ("pids", "camids", "indices", "labels"):
            assert torch.equal(getattr(batch, name), getattr(before, name).repeat(2))
        assert torch.equal(batch.targets["clothes"][:6], before.targets["clothes"])
        assert torch.equal(batch.targets["clothes"][6:], 100 + before.indices)
        assert torch.equal(batch.targets["pose"], before.targets["pose"].repeat(2))


def test_aligned_copies_share_flip_shift_and_box_and_others_do_not(records: Records) -> None:
    moved = Augmentation(pad=6, erase=0.0)
    for aligned in (True, False):
        off = []
        for batch in batches(records, Darker(aligned=aligned), augmentation=moved):
            high, low = batch.images[:6].int(), batch.images[6:].int()
            off += (high // 2 - low).abs().flatten(1).amax(1).tolist()
        # Resizing rounds; what is moved elsewhere is far off.
        assert (max(off) <= 2) == aligned


@pytest.mark.parametrize("options", [{"workers": 2}, {"cache": "ram"}, {"augment_on_device": True}])
def test_how_copies_are_loaded_changes_nothing(records: Records, options: dict) -> None:
    jitter = Augmentation(pad=3, jitter=ColourJitter(brightness=0.3))
    twin = Darker(aligned=False)
    expected = batches(records, twin, augmentation=jitter)
    came = [batch.to("cpu") for batch in batches(records, twin, augmentation=jitter, **options)]
    for one, other in zip(expected, came, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.targets["clothes"], other.targets["clothes"])


def test_an_unreadable_image_takes_its_copy_along(records: Records) -> None:
    (records.root / "4.png").write_bytes(b"broken")
    loader = train_loader(
        records,
        image_size=SIZE,
        identities_per_batch=2,
        images_per_identity=3,
        augmentation=None,
        seed=5,
        twin=Darker(aligned=True),
    )
    loader.skip_unreadable = True
    sizes = []
    for batch in loader:
        count = len(batch) // 2
        sizes.append(count)
        assert torch.equal(batch.indices[:count], batch.indices[count:])
        assert batch.twins.tolist() == [False] * count + [True] * count
        assert 4 not in batch.indices
    assert 5 in sizes


def test_copies_need_a_seed(records: Records) -> None:
    dataset = ImageDataset(records, image_size=SIZE, twin=Darker(aligned=True))
    with pytest.raises(ValueError, match="needs a seed"):
        dataset[0]
