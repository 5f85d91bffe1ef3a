from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid_data import load_dataset
from reid_data.preprocess import Pairs, read_poses
from reid_data.sampler import Draw
from reid_data.shuffling import ShuffledBatches
from reid_gen.generation import PosedImages, find_pairs, named_pairs, pose_images
from reid_gen.generation.pair_loading import PairImages


def test_joints_are_scaled_to_the_canvas(world: Path, posed: PosedImages) -> None:
    twice = pose_images(posed.records, read_poses(world / "keypoints.csv"), canvas=(64, 32))
    np.testing.assert_allclose(twice.joints, (posed.joints + 0.5) * 2 - 0.5, rtol=1e-5)


def test_images_without_keypoints_are_refused_or_left_out(world: Path) -> None:
    records = load_dataset("market1501", world).split("train")
    some = read_poses(world / "keypoints.csv").take(range(5))
    with pytest.raises(ValueError, match=r"19 of 24 images have no keypoints, first .*\.jpg"):
        pose_images(records, some, canvas=(32, 16))
    assert len(pose_images(records, some, canvas=(32, 16), skip_poseless=True)) == 5


def test_pairs_are_of_one_person_and_one_camera_if_asked(posed: PosedImages) -> None:
    pids, cameras = posed.records.pids, posed.records.camids
    everyone = find_pairs(posed, kind="all")
    assert len(everyone) == 6 * 4 * 3
    assert (pids[everyone[:, 0]] == pids[everyone[:, 1]]).all()
    assert (everyone[:, 0] != everyone[:, 1]).all()
    same = find_pairs(posed, kind="same_camera")
    assert len(same) == 6 * 2 * 2
    assert (cameras[same[:, 0]] == cameras[same[:, 1]]).all()
    alone = posed.take(np.unique(pids, return_index=True)[1])
    with pytest.raises(ValueError, match="no two images of one camera"):
        find_pairs(alone, kind="same_camera")
    hidden = replace(posed, complete=np.zeros(len(posed), dtype=bool))
    with pytest.raises(ValueError, match="0 of them complete"):
        find_pairs(hidden, kind="all")


def test_named_pairs_are_rows_and_absent_names_are_refused(posed: PosedImages) -> None:
    names = [Path(path).name for path in posed.records.table["path"]]
    pairs = Pairs((names[3], names[0]), (names[5], names[3]))
    assert named_pairs(posed, pairs, source="p.csv").tolist() == [[3, 5], [0, 3]]
    with pytest.raises(ValueError, match=r"p.csv names 1 images .* first 9999_c1s1_1_01.jpg"):
        named_pairs(posed, Pairs((names[0],), ("9999_c1s1_1_01.jpg",)), source="p.csv")


def test_processes_share_an_epoch_and_epochs_differ() -> None:
    def batches(rank: int, epoch: int) -> list[tuple[int, ...]]:
        drawn = ShuffledBatches(40, per_epoch=24, batch_size=3, seed=1, rank=rank, world_size=2)
        drawn.set_epoch(epoch)
        return [draw.indices for draw in drawn]

    first, second = batches(0, 0), batches(1, 0)
    seen = [pair for batch in (*first, *second) for pair in batch]
    assert len(first) == len(second) == 4
    assert len(set(seen)) == 24
    assert batches(0, 0) == first
    assert batches(0, 1) != first
    with pytest.raises(ValueError, match="fills no batch"):
        ShuffledBatches(40, per_epoch=4, batch_size=3, seed=0, world_size=2)


def test_a_mirrored_pair_is_mirrored_in_pixels_and_joints(posed: PosedImages) -> None:
    pairs = find_pairs(posed, kind="all")[:6]
    straight = PairImages(posed, pairs).__getitems__([0, 1, 2])
    turned = PairImages(posed, pairs, flip=1.0).__getitems__(Draw((0, 1, 2), 5))
    assert (turned.sources == straight.sources.flip(3)).all()
    assert (turned.targets == straight.targets.flip(3)).all()
    right, left = straight.target_joints[:, 2], turned.target_joints[:, 5]
    assert (left[:, 0] == 15 - right[:, 0]).all()
    assert (left[:, 1] == right[:, 1]).all()
    never = PairImages(posed, pairs, flip=1.0).__getitems__([0, 1, 2])
    assert (never.sources == straight.sources).all()
