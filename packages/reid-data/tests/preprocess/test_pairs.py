from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid_data.preprocess.pairs import (
    Pairs,
    complete_bodies,
    make_pairs,
    ordered_pairs,
    pids_of_names,
    read_pairs,
    write_pairs,
)
from reid_data.preprocess.poses import JOINT_NAMES, Poses
from reid_data.records import Records


@given(st.lists(st.integers(-2, 4), max_size=12))
def test_pairs_are_all_permutations_of_two(pids):
    first, second = ordered_pairs(np.array(pids, dtype=np.int64))
    expected = {(a, b) for a, b in permutations(range(len(pids)), 2) if pids[a] == pids[b]}
    found = list(zip(first.tolist(), second.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == expected


def poses_named(names, holes=(), layout="openpose18"):
    joints = np.full((len(names), len(JOINT_NAMES[layout]), 2), 5.0)
    for row, joint in holes:
        joints[row, JOINT_NAMES[layout].index(joint)] = np.nan
    return Poses(tuple(names), joints, layout, np.full((len(names), 2), 100.0))


NAMES = [
    "0002_c1s1_000451_03.jpg",
    "0002_c2s1_000500_01.jpg",
    "0002_c3s1_000600_01.jpg",
    "0007_c1s1_000451_03.jpg",
    "0007_c1s1_000452_03.jpg",
    "0000_c1s1_000451_03.jpg",
    "0000_c1s1_000451_04.jpg",
    "-1_c1s1_000451_03.jpg",
    "-1_c1s1_000451_04.jpg",
]


@pytest.mark.parametrize("layout", ["coco17", "openpose18"])
def test_the_published_filters(layout):
    poses = poses_named(NAMES, [(1, "left_hip"), (0, "nose")], layout)
    assert complete_bodies(poses).tolist() == [True, False, *[True] * 7]
    made = make_pairs(poses)
    pairs = sorted(zip(made.sources, made.targets, strict=True))
    assert pairs == sorted(
        [(NAMES[0], NAMES[2]), (NAMES[2], NAMES[0]), (NAMES[3], NAMES[4]), (NAMES[4], NAMES[3])]
    )


@pytest.mark.parametrize("joint", ["left_hip", "right_hip", "left_shoulder", "right_shoulder"])
def test_each_of_the_four_joints_is_needed(joint):
    poses = poses_named(NAMES[3:5], [(0, joint)])
    with pytest.raises(ValueError, match="no two images of one person"):
        make_pairs(poses)


def test_a_sample_is_the_one_of_pandas():
    names = [f"{pid:04d}_c1s1_{n:06d}_00.jpg" for pid in range(1, 9) for n in range(6)]
    everything = make_pairs(poses_named(names))
    table = pd.DataFrame({"from": everything.sources, "to": everything.targets})
    expected = table.sample(n=50, replace=False, random_state=0)
    made = make_pairs(poses_named(names), most=50)
    assert list(made.sources) == expected["from"].tolist()
    assert list(made.targets) == expected["to"].tolist()
    assert make_pairs(poses_named(names), most=50, seed=1).sources != made.sources
    assert len(make_pairs(poses_named(names), most=10**6)) == 8 * 30


def test_records_decide_which_images_and_whose_they_are():
    table = pd.DataFrame(
        {
            "path": [
                "train/a.jpg",
                "train/b.jpg",
                "train/c.jpg",
                "gallery/d.jpg",
                "x/e.jpg",
                "x/f.jpg",
            ],
            "pid": [0, 0, 4, 4, 0, 0],
            "split": ["train", "train", "train", "gallery", "distractor", "distractor"],
        }
    )
    records = Records(table, ".")
    poses = poses_named(["d.jpg", "c.jpg", "b.jpg", "a.jpg", "e.jpg", "f.jpg", "other.jpg"])
    made = make_pairs(poses, records=records.split("train"))
    assert set(zip(made.sources, made.targets, strict=True)) == {
        ("a.jpg", "b.jpg"),
        ("b.jpg", "a.jpg"),
    }
    whole = make_pairs(poses, records=records)
    assert set(whole.sources) == {"a.jpg", "b.jpg", "c.jpg", "d.jpg"}


@pytest.mark.parametrize(
    "names",
    [
        ["000_1_c10_001003.png", "000_2_c1_000007.png"],  # LTCC
        ["000_45.bmp", "000_90.bmp"],  # VIPeR
        ["0000_000_01_0303morning_0008_0.jpg", "0000_001_02_0303noon_0010_0.jpg"],  # MSMT17
    ],
)
def test_identity_0_is_a_person_but_in_market(names):
    made = make_pairs(poses_named(names))
    assert set(made.sources) == set(names)


def test_identities_come_from_names():
    names = ["0002_c1.jpg", "-1_c1.jpg", "train/0012_x.jpg"]
    assert pids_of_names(names).tolist() == [2, -1, 12]
    with pytest.raises(ValueError, match=r"came 'person\.jpg'"):
        pids_of_names(["person.jpg"])


def test_pair_files_come_back(tmp_path):
    pairs = Pairs(("a.jpg", "b.jpg"), ("b.jpg", "a.jpg"))
    write_pairs(pairs, tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_bytes() == b"from,to\na.jpg,b.jpg\nb.jpg,a.jpg\n"
    assert read_pairs(tmp_path / "p.csv").targets == pairs.targets
    (tmp_path / "q.csv").write_text("a.jpg,b.jpg,c.jpg\n")
    with pytest.raises(ValueError, match="line 1: expected 2 cells"):
        read_pairs(tmp_path / "q.csv")
