"""What a training may look at."""

from __future__ import annotations

import numpy as np
import pytest

from reid_core.training.data.split import carve
from reid_data import Records


def test_held_out_identities_are_never_learned_and_test_images_never_seen(people):
    data = carve(people, val_identities=0.4, identities_per_batch=3, seed=0)
    assert data.identities == len(set(data.train.pids)) == 5
    assert not set(data.train.pids) & set(data.validation.pids)
    assert set(data.train.table["split"]) == {"train"}
    assert set(data.validation.table["split"]) == {"query", "gallery"}
    test = set(people.split("query", "gallery").table["path"])
    assert not test & {*data.train.table["path"], *data.validation.table["path"]}


def test_a_val_split_of_the_data_set_is_used_instead(people):
    split = people.table["split"].mask(
        (people.pids >= 6) & (people.table["split"] == "train"), "val"
    )
    data = carve(
        Records(people.table.assign(split=split), people.root),
        val_identities=0.1,
        identities_per_batch=3,
        seed=0,
    )
    assert set(data.validation.pids) == {6, 7}
    assert set(data.train.pids) == set(range(6))


def test_a_val_split_of_training_people_validates_nothing(people):
    # PRCC's `rgb/val` holds further images of those who are in `rgb/train`.
    rows = np.flatnonzero((people.table["split"] == "train").to_numpy())
    split = people.table["split"].mask(np.isin(np.arange(len(people)), rows[::3]), "val")
    records = Records(people.table.assign(split=split), people.root)
    assert set(records.split("val").pids) & set(records.split("train").pids)
    data = carve(records, val_identities=0.4, identities_per_batch=3, seed=0)
    assert not set(data.train.pids) & set(data.validation.pids)
    assert not set(data.validation.table["path"]) & set(records.split("val").table["path"])


def test_validation_can_be_switched_off(people):
    data = carve(people, val_identities=0, identities_per_batch=8, seed=0)
    assert data.validation is None
    assert len(data.train) == 48


def test_the_fingerprint_knows_other_images_and_other_identities(people):
    def fingerprint(records: Records, seed: int = 0) -> str:
        return carve(records, val_identities=0.4, identities_per_batch=2, seed=seed).fingerprint

    moved = Records(people.table, people.root / "elsewhere")
    assert fingerprint(people) == fingerprint(moved)
    assert fingerprint(people) != fingerprint(people, seed=1)
    assert fingerprint(people) != fingerprint(people.take(np.arange(1, len(people))))


@pytest.mark.parametrize(
    ("share", "batch", "message"),
    [
        (0.4, 6, "identities_per_batch is 6, but only 5 identities are there"),
        (0, 9, "identities_per_batch is 9, but only 8 identities are there"),
    ],
)
def test_too_few_identities_for_a_batch_are_refused(people, share, batch, message):
    with pytest.raises(ValueError, match=message):
        carve(people, val_identities=share, identities_per_batch=batch, seed=0)


def test_identities_that_no_query_could_find_are_refused_with_the_way_out(people):
    one_camera = Records(people.table[people.table["camid"] == 1], people.root)
    with pytest.raises(
        ValueError, match=r"cannot validate on 9 images of 3 ident.*, 0 trains without"
    ):
        carve(one_camera, val_identities=0.4, identities_per_batch=2, seed=0)


def test_data_without_training_images_is_refused(people):
    test = people.split("query", "gallery")
    with pytest.raises(ValueError, match="no images in split train"):
        carve(test, val_identities=0.4, identities_per_batch=2, seed=0)
