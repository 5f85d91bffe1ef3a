"""Clips as batches: which frames, in which order, augmented alike, and what is known about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from reid_data import Augmentation, Records, UnreadableImagesError, load_dataset
from reid_data.clip_loading import eval_clip_loader, train_clip_loader
from reid_data.colours import ColourJitter
from reid_data.synth import synthesize
from reid_data.tracklets import tracklets_of

SIZE = (32, 16)
LENGTHS = {10: 7, 11: 3, 20: 5, 21: 4, 30: 9}
"""Frames of each tracklet; the identity is the first digit, the camera the second."""


@pytest.fixture
def walks(tmp_path: Path) -> Records:
    """Tracklets whose frames are grey, each of a level that tells the frame, bright at the left."""
    rows = []
    for tracklet, length in LENGTHS.items():
        for frame in reversed(range(length)):
            level = 20 * frame + tracklet // 10
            picture = np.full((*SIZE, 3), level, np.uint8)
            picture[:, :4] = level + 60
            path = f"{tracklet}/{frame}.png"
            (tmp_path / str(tracklet)).mkdir(exist_ok=True)
            Image.fromarray(picture).save(tmp_path / path)
            rows.append((path, tracklet // 10, tracklet % 10, tracklet, frame))
    table = pd.DataFrame(rows, columns=["path", "pid", "camid", "tracklet", "frame"])
    return Records(table.assign(split="train"), tmp_path)


def frames_of(clip: torch.Tensor, pid: int) -> list[int]:
    """The frames that the pixels of a clip (T, 3, H, W) show."""
    levels = clip[:, :, :, 4:12].double().mean(dim=(1, 2, 3))
    return [round(level) for level in ((levels - pid) / 20).tolist()]


def test_all_clips_of_all_tracklets_with_a_mask_of_what_only_fills(walks: Records) -> None:
    batches = list(eval_clip_loader(walks, size=4, image_size=SIZE, batch_size=3))
    assert [tuple(batch.clips.shape) for batch in batches] == [(3, 4, 3, *SIZE)] * 3
    assert all(batch.clips.dtype == torch.uint8 for batch in batches)
    seen = {}
    for batch in batches:
        for clip, mask, number, pid, camid, rows in zip(
            batch.clips, batch.mask, batch.tracklets, batch.pids, batch.camids, batch.rows,
            strict=True,
        ):  # fmt: skip
            assert (int(pid), int(camid)) == (int(number) // 10, int(number) % 10)
            frames = frames_of(clip, int(pid))
            assert frames == walks.table["frame"].iloc[rows.tolist()].tolist()
            seen.setdefault(int(number), []).append((frames, mask.tolist()))
    yes, no = True, False
    assert seen[10] == [([0, 1, 2, 3], [yes] * 4), ([4, 5, 6, 4], [yes, yes, yes, no])]
    assert seen[11] == [([0, 1, 2, 0], [yes, yes, yes, no])]
    assert seen[20] == [([0, 1, 2, 3], [yes] * 4), ([4, 4, 4, 4], [yes, no, no, no])]
    assert seen[21] == [([0, 1, 2, 3], [yes] * 4)]
    assert len(seen[30]) == 3
    assert list(seen) == list(LENGTHS)
    counted = sum(int(batch.mask.sum()) for batch in batches)
    assert counted == len(walks)


def test_a_tail_that_overlaps_counts_no_frame_twice(walks: Records) -> None:
    loader = eval_clip_loader(walks, size=4, image_size=SIZE, batch_size=9, tail="overlap")
    (batch,) = loader
    assert int(batch.mask.sum()) == len(walks)
    row = batch.tracklets.tolist().index(10) + 1
    assert frames_of(batch.clips[row], 1) == [3, 4, 5, 6]
    assert batch.mask[row].tolist() == [False, True, True, True]
    few = eval_clip_loader(walks, size=4, image_size=SIZE, batch_size=9, most=1)
    assert len(next(iter(few))) == len(LENGTHS)


def training(records: Records, **options: Any) -> Any:
    given: dict[str, Any] = {
        "size": 3, "image_size": SIZE, "identities_per_batch": 2, "tracklets_per_identity": 2,
        "augmentation": None, "seed": 5,
    }  # fmt: skip
    return train_clip_loader(records, **given | options)


def test_training_balances_identities_and_shows_every_tracklet(walks: Records) -> None:
    loader = training(walks)
    shown = set()
    for batch in loader:
        assert tuple(batch.clips.shape) == (4, 3, 3, *SIZE)
        assert [len(set(pair)) for pair in batch.pids.reshape(2, 2).tolist()] == [1, 1]
        assert len(set(batch.pids.tolist())) == 2
        assert (batch.labels == batch.pids - 1).all()
        shown |= set(batch.tracklets.tolist())
        for clip, number, pid in zip(batch.clips, batch.tracklets, batch.pids, strict=True):
            frames = frames_of(clip, int(pid))
            length = LENGTHS[int(number)]
            for chunk, frame in enumerate(frames):
                assert chunk * length // 3 <= frame < (chunk + 1) * length // 3
    assert shown == set(LENGTHS)


def test_epochs_differ_and_repeat(walks: Records) -> None:
    def epoch(number: int, **options: Any) -> list[list[list[int]]]:
        loader = training(walks, **options)
        loader.batch_sampler.set_epoch(number)
        return [batch.rows.tolist() for batch in loader]

    assert epoch(0) == epoch(0)
    assert epoch(0) != epoch(1)
    assert epoch(0) == epoch(0, workers=1)
    consecutive = [
        np.diff(walks.table["frame"].to_numpy(dtype=int)[clip])
        for batch in epoch(0, drawing="random")
        for clip in batch
    ]
    assert all((steps == 1).all() for steps in consecutive)


def test_one_decision_a_clip(walks: Records) -> None:
    """A flip would move the bright edge from one frame of a clip to the next."""
    augmentation = Augmentation(pad=0, erase=0.0, jitter=ColourJitter(probability=1.0))
    flips = []
    for batch in training(walks, augmentation=augmentation):
        edges = batch.clips.double().mean(dim=(2, 3))
        flipped = edges[..., -1] > edges[..., 0]
        assert (flipped == flipped[:, :1]).all()
        flips += flipped[:, 0].tolist()
    assert set(flips) == {True, False}
    moved = next(iter(training(walks, augmentation=Augmentation(flip=0.0, pad=6, erase=1.0))))
    still = next(iter(training(walks)))
    assert (moved.rows == still.rows).all()
    changed = (moved.clips != still.clips).any(dim=2)
    assert changed.any(dim=(1, 2, 3)).all()
    # the same box of the same colour in every frame
    erased = (moved.clips == torch.tensor([124, 116, 104])[:, None, None]).all(dim=2)
    assert (erased == erased[:, :1]).all()


def test_a_clip_with_an_unreadable_frame_is_refused_or_left_out(walks: Records) -> None:
    (walks.root / "10/5.png").write_bytes(b"no picture")
    with pytest.raises(UnreadableImagesError, match=r"1 image cannot be read(.|\n)*10/5\.png"):
        list(eval_clip_loader(walks, size=4, image_size=SIZE, batch_size=2))
    with pytest.raises(UnreadableImagesError, match=r"10/5\.png"):
        list(training(walks, size=7))
    loader = eval_clip_loader(walks, size=4, image_size=SIZE, batch_size=9, skip_unreadable=True)
    (batch,) = loader
    assert batch.tracklets.tolist() == [10, 11, 20, 20, 21, 30, 30, 30]
    assert frames_of(batch.clips[0], 1) == [0, 1, 2, 3]
    assert frames_of(batch.clips[3], 2) == [4, 4, 4, 4]
    assert len(batch.unreadable) == 1


def test_a_batch_moves_as_one(walks: Records) -> None:
    batch = next(iter(training(walks))).to("meta")
    tensors = [batch.clips, batch.mask, batch.pids, batch.camids, batch.tracklets, batch.rows]
    assert {tensor.device.type for tensor in [*tensors, batch.labels]} == {"meta"}


def test_tracklets_of_mars(tmp_path: Path) -> None:
    synthesize(
        tmp_path / "mars", layout="mars", identities=3, test_identities=2, cameras=2,
        tracklet_length=5, distractors=4, height=32, width=16,
    )  # fmt: skip
    records = load_dataset("mars", tmp_path / "mars")
    tracklets = tracklets_of(records.split("train"))
    assert tracklets.table["images"].tolist() == [5] * len(tracklets)
    assert (tracklets.table["last_frame"] - tracklets.table["first_frame"]).tolist() == [4] * 6
    assert sorted(zip(tracklets.pids.tolist(), tracklets.camids.tolist(), strict=True)) == [
        (pid, camid) for pid in (1, 2, 3) for camid in (1, 2)
    ]
    query = eval_clip_loader(records.split("query"), size=2, image_size=SIZE, batch_size=64)
    (batch,) = query
    assert len(batch) == 3 * len(tracklets_of(records.split("query")))


@pytest.mark.parametrize("column", ["pid", "camid", "split"])
def test_a_tracklet_of_several_people_cameras_or_splits_is_refused(
    walks: Records, column: str
) -> None:
    table = walks.table.copy()
    table.loc[0, column] = "query" if column == "split" else 7
    with pytest.raises(
        ValueError, match=f"tracklet 10 has frames of 2 different values of {column}"
    ):
        tracklets_of(Records(table, walks.root))


def test_bad_arguments_are_refused(walks: Records) -> None:
    with pytest.raises(ValueError, match="size must be 1 or more, came 0"):
        training(walks, size=0)
    with pytest.raises(ValueError, match="drawing must be uniform or random"):
        training(walks, drawing="dense")
    with pytest.raises(ValueError, match="column tracklet"):
        training(Records(walks.table.drop(columns="tracklet"), walks.root))
    with pytest.raises(ValueError, match="needs 9 different identities"):
        training(walks, identities_per_batch=9)
