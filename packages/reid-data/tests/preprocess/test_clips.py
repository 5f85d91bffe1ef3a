from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid_data.preprocess.clips import (
    augment_clip,
    dense_clips,
    random_clip,
    random_frames,
    sample_clips,
    uniform_clip,
)
from reid_data.records import Records
from reid_data.transforms import Augmentation

NUMBERS = {"length": st.integers(1, 40), "size": st.integers(1, 9), "stride": st.integers(1, 4)}


@pytest.mark.parametrize(
    ("tail", "last"),
    [
        ("cycle", [[8, 9, 8, 9]]),
        ("repeat", [[8, 9, 9, 9]]),
        ("overlap", [[6, 7, 8, 9]]),
        ("drop", []),
    ],
)
def test_tails(tail, last):
    whole = [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert dense_clips(10, size=4, tail=tail).tolist() == whole + last
    assert dense_clips(8, size=4, tail=tail).tolist() == whole


@pytest.mark.parametrize(
    ("tail", "clip"),
    [
        ("cycle", [0, 1, 2, 0]),
        ("repeat", [0, 1, 2, 2]),
        ("overlap", [0, 1, 2, 0]),
        ("drop", [0, 1, 2, 0]),
    ],
)
def test_a_tracklet_shorter_than_a_clip_is_never_lost(tail, clip):
    assert dense_clips(3, size=4, tail=tail).tolist() == [clip]


def test_a_stride_leaves_no_frame_out():
    clips = dense_clips(8, size=4, stride=2)
    assert clips.tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert dense_clips(9, size=2, stride=3, tail="repeat").tolist() == [
        [0, 3], [1, 4], [2, 5], [6, 6], [7, 7], [8, 8],
    ]  # fmt: skip


@given(**NUMBERS, tail=st.sampled_from(["cycle", "repeat", "overlap"]))
def test_dense_clips_see_every_frame(length, size, stride, tail):
    clips = dense_clips(length, size=size, stride=stride, tail=tail)
    assert clips.dtype == np.int64
    assert clips.shape[1] == size
    assert set(clips.ravel().tolist()) == set(range(length))


def test_the_most_clips_are_spread_over_the_whole_tracklet():
    clips = dense_clips(100, size=4, most=3)
    assert clips[:, 0].tolist() == [0, 48, 96]
    assert len(dense_clips(100, size=4, most=99)) == 25


@given(length=st.integers(1, 60), size=st.integers(1, 20), seed=st.integers(0, 5))
def test_a_uniform_clip_has_a_frame_of_each_chunk(length, size, seed):
    middle = uniform_clip(length, size=size)
    drawn = uniform_clip(length, size=size, generator=np.random.default_rng(seed))
    for clip in (middle, drawn):
        assert (np.diff(clip) >= 0).all()
        assert clip.min() >= 0
        assert clip.max() < length
        if length >= size:
            for chunk, frame in enumerate(clip):
                assert chunk * length // size <= frame < (chunk + 1) * length // size


def test_every_frame_of_a_chunk_is_drawn():
    generator = np.random.default_rng(0)
    drawn = np.stack([uniform_clip(10, size=3, generator=generator) for _ in range(300)])
    assert [sorted(set(column)) for column in drawn.T.tolist()] == [
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8, 9],
    ]


@given(**NUMBERS, seed=st.integers(0, 5))
def test_a_random_clip_is_consecutive(length, size, stride, seed):
    clip = random_clip(length, size=size, stride=stride, generator=np.random.default_rng(seed))
    assert clip.shape == (size,)
    assert clip.min() >= 0
    assert clip.max() < length
    steps = set(np.diff(clip).tolist())
    if (size - 1) * stride < length:
        assert steps <= {stride}
    elif size <= length:
        assert len(steps) <= 1
        assert min(steps, default=1) >= 1
    else:
        assert set(clip.tolist()) == set(range(length))


def test_random_clips_reach_both_ends():
    generator = np.random.default_rng(0)
    starts = {int(random_clip(10, size=4, stride=2, generator=generator)[0]) for _ in range(200)}
    assert starts == {0, 1, 2, 3}


def test_random_frames_are_different_and_ascending():
    frames = random_frames(50, most=20, generator=np.random.default_rng(0))
    assert len(set(frames.tolist())) == 20
    assert (np.diff(frames) > 0).all()
    assert random_frames(5, most=20, generator=np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "call",
    [
        lambda: dense_clips(0, size=4),
        lambda: dense_clips(4, size=0),
        lambda: dense_clips(4, size=1, stride=0),
        lambda: dense_clips(4, size=1, most=0),
        lambda: uniform_clip(0, size=4),
        lambda: random_clip(0, size=4, generator=np.random.default_rng(0)),
        lambda: random_frames(4, most=0, generator=np.random.default_rng(0)),
    ],
)
def test_numbers_must_be_positive(call):
    with pytest.raises(ValueError, match="must be 1 or more, came 0"):
        call()


def test_an_unknown_tail_is_refused():
    with pytest.raises(ValueError, match="tail must be one of cycle"):
        dense_clips(5, size=4, tail="wrap")


@pytest.fixture
def walks():
    """Two tracklets whose rows and paths are not in the order of time, and an image of none."""
    frames = [3, 10, 1, 2, 7]
    table = pd.DataFrame(
        {
            "path": [f"t5/{n}.jpg" for n in frames] + ["t2/1.jpg", "t2/0.jpg", "alone.jpg"],
            "pid": 1,
            "split": "train",
            "tracklet": [5] * 5 + [2, 2, None],
            "frame": [*frames, 1, 0, None],
        }
    )
    return Records(table, ".")


def test_clips_of_records_follow_time(walks):
    clips = sample_clips(walks, mode="dense", size=3)
    assert clips.tracklets.tolist() == [2, 5, 5]
    assert clips.rows.tolist() == [[6, 5, 6], [2, 3, 0], [4, 1, 4]]
    assert walks.table["frame"][clips.rows[1]].tolist() == [1, 2, 3]
    assert sample_clips(walks, mode="uniform", size=2).rows.tolist() == [[6, 5], [2, 4]]


def test_random_clips_depend_on_the_seed_and_the_tracklet(walks):
    first = sample_clips(walks, mode="random", size=2, seed=1)
    assert len(first) == 2
    again = sample_clips(walks.take([0, 1, 2, 3, 4]), mode="random", size=2, seed=1)
    assert again.rows[0].tolist() == first.rows[1].tolist()
    drawn = {tuple(sample_clips(walks, mode="random", size=2, seed=s).rows[1]) for s in range(20)}
    assert len(drawn) > 2
    with pytest.raises(ValueError, match="need a seed"):
        sample_clips(walks, mode="random", size=2)
    with pytest.raises(ValueError, match="mode must be"):
        sample_clips(walks, mode="sparse", size=2)


def test_records_without_tracklets_are_refused(walks):
    for table in (walks.table.drop(columns="tracklet"), walks.table.assign(tracklet=None)):
        with pytest.raises(ValueError, match="column tracklet"):
            sample_clips(Records(table, "."), mode="dense", size=2)


def test_a_clip_is_flipped_moved_and_erased_as_one(make_picture):
    frame = make_picture(32, 16)
    clip = np.stack([frame] * 5)
    augmentation = Augmentation(pad=4)
    flips = set()
    for seed in range(12):
        result = augment_clip(clip, augmentation, generator=np.random.default_rng(seed))
        assert (result == result[0]).all()
        expected = augmentation(frame, np.random.default_rng(seed))
        assert (result[0] == expected).all()
        flips.add(augmentation.plan(1, (32, 16), generator=np.random.default_rng(seed))[0].flip)
    assert flips == {True, False}
