"""P x K batches: who is in them, in which epoch, on which rank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_data import Draw, PKSampler


def pids_with(*counts: int) -> list[int]:
    """Identities 100, 103, 106 ... with that many images, shuffled."""
    pids = [100 + 3 * identity for identity, count in enumerate(counts) for _ in range(count)]
    return list(np.random.default_rng(0).permutation(pids))


def sampler(pids: Sequence[int], *, p: int = 4, k: int = 4, **more: int) -> PKSampler:
    return PKSampler(pids, identities_per_batch=p, images_per_identity=k, **{"seed": 0, **more})


def check_batches(pids: Sequence[int], draws: list[Draw], *, p: int, k: int) -> None:
    """P identities beside each other with K images each, repeated only where there are too few."""
    counts = Counter(pids)
    for draw in draws:
        assert len(draw) == p * k
        groups = np.array(draw.indices).reshape(p, k)
        owners = [{pids[index] for index in group} for group in groups]
        assert all(len(owner) == 1 for owner in owners)
        assert len(set.union(*owners)) == p
        for (owner,), group in zip(owners, groups, strict=True):
            assert len(set(group.tolist())) == min(k, counts[owner])


def groups_of(draws: list[Draw], k: int) -> list[tuple[int, ...]]:
    return [draw.indices[at : at + k] for draw in draws for at in range(0, len(draw), k)]


@settings(deadline=None, max_examples=150)
@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=25),
    p=st.integers(1, 6),
    k=st.integers(1, 5),
    world_size=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 500),
)
def test_any_data_gives_whole_batches_that_show_every_image(
    counts: list[int], p: int, k: int, world_size: int, seed: int, epoch: int
) -> None:
    pids = pids_with(*counts)
    if len(counts) < p:
        with pytest.raises(ValueError, match="lower identities_per_batch"):
            sampler(pids, p=p, k=k)
        return
    ranks = [
        sampler(pids, p=p, k=k, seed=seed, rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]
    everything: list[Draw] = []
    for one in ranks:
        one.set_epoch(epoch)
        draws = list(one)
        assert len(draws) == len(one) == len(ranks[0])
        everything += draws
    check_batches(pids, everything, p=p, k=k)
    assert {index for draw in everything for index in draw.indices} == set(range(len(pids)))
    assert len({draw.seed for draw in everything}) == len(everything)


def test_an_even_epoch_shows_every_image_once() -> None:
    pids = pids_with(*[8] * 12)
    draws = list(sampler(pids, p=4, k=4))
    assert len(draws) == 6
    shown = Counter(index for draw in draws for index in draw.indices)
    assert set(shown.values()) == {1}


def test_ranks_share_the_epoch_without_overlap() -> None:
    pids = pids_with(*[8] * 12)
    first, second = (
        {index for draw in sampler(pids, rank=rank, world_size=2) for index in draw.indices}
        for rank in (0, 1)
    )
    assert not first & second
    assert first | second == set(range(96))


def test_ranks_take_turns_in_the_batches_of_one_process() -> None:
    pids = pids_with(*[9, 3, 14, 1, 6, 8, 2, 5])
    alone = list(sampler(pids, world_size=1))
    ranks = [list(sampler(pids, rank=rank, world_size=2)) for rank in (0, 1)]
    if len(alone) % 2 == 0:
        assert [draw for pair in zip(*ranks, strict=True) for draw in pair] == alone
    groups = [set(groups_of(draws, 4)) for draws in ranks]
    assert not groups[0] & groups[1]


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    pids = pids_with(*range(1, 20))
    one, same, other_seed = sampler(pids), sampler(pids), sampler(pids, seed=1)
    np.random.seed(7)  # to show that the global state has no say
    epochs = []
    for epoch in (0, 1, 5):
        for each in (one, same, other_seed):
            each.set_epoch(epoch)
        epochs.append(list(one))
        assert epochs[-1] == list(one) == list(same)
        assert epochs[-1] != list(other_seed)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    fresh = sampler(pids)
    fresh.set_epoch(5)  # as after a resume: no need to pass through the epochs before
    assert list(fresh) == epochs[2]


def test_company_changes_from_epoch_to_epoch() -> None:
    """Whom an identity meets is random: over many epochs it meets all others about as often."""
    pids = pids_with(*[8] * 20)
    one = sampler(pids, p=4, k=4)
    meetings = np.zeros((20, 20))
    for epoch in range(300):
        one.set_epoch(epoch)
        for draw in one:
            present = [(pids[index] - 100) // 3 for index in draw.indices[::4]]
            meetings[np.ix_(present, present)] += 1
    met = meetings[~np.eye(20, dtype=bool)]
    # 300 epochs x 10 batches x 4 x 3 ordered pairs over 380 of them: 94.7 each, deviation 9.
    assert abs(met.mean() - 94.7) < 0.1
    assert met.std() < 14
    assert met.min() > 50


def test_one_identity_with_very_many_images_is_accompanied_by_random_others() -> None:
    pids = pids_with(100, 2, 2, 2)
    draws = list(sampler(pids, p=3, k=4))
    assert len(draws) == 25
    check_batches(pids, draws, p=3, k=4)
    company = Counter(pids[index] for draw in draws for index in draw.indices[::4])
    assert company[100] == 25
    assert min(company.values()) >= 12


def test_lightning_finds_set_epoch() -> None:
    one = sampler(pids_with(*[4] * 5))
    one.sampler.set_epoch(3)
    assert one.epoch == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 0}, "must be 1 or more, came 0 and 4"),
        ({"k": 0}, "must be 1 or more, came 4 and 0"),
        ({"p": 6}, "needs 6 different identities, the records have 5; lower"),
        ({"rank": 2, "world_size": 2}, "rank must be from 0 to world_size - 1 = 1, came 2"),
        ({"rank": -1}, "rank must be"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(pids_with(*[4] * 5), **options)


def test_images_of_nobody_are_in_no_batch():
    pids = np.array([4, -1, 4, 9, -1, 9, 7, 7, -1])
    sampler = PKSampler(pids, identities_per_batch=3, images_per_identity=2, seed=0)
    drawn = [row for draw in sampler for row in draw.indices]
    assert sorted(drawn) == [0, 2, 3, 5, 6, 7]
    with pytest.raises(ValueError, match="the records have 3"):
        PKSampler(pids, identities_per_batch=4, images_per_identity=2, seed=0)
