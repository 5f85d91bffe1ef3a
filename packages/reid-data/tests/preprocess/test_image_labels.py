"""Which row of a published table belongs to which image, and what fits nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_data.preprocess import MaskFolder, check_masks, labels_of_images, read_pose_table
from reid_data.records import Records

LTCC = (
    "train/000_1_c10_001003.png",
    "train/000_1_c10_001007.png",
    "query/001_1_c11_015833.png",
    "test/001_1_c11_015833.png",
)
PRCC = (
    "rgb/train/092/A_cropped_rgb001.jpg",
    "rgb/val/092/B_cropped_rgb007.jpg",
    "rgb/test/A/092/cropped_rgb001.jpg",
    "rgb/test/B/092/cropped_rgb001.jpg",
)


def records(paths, root="."):
    return Records(pd.DataFrame({"path": paths, "pid": 1, "split": "train"}), root)


def table(tmp_path, rows, header="Category,Image,R_LA_5,N_A_5"):
    (tmp_path / "poses.csv").write_text("\n".join([header, *rows, ""]) + "\n")
    return read_pose_table(tmp_path / "poses.csv")


def test_the_published_table_of_training_images(tmp_path):
    rows = ["train,000_1_c10_001007,0.0,0.0", "", "train,000_1_c10_001003,3.0,1.0"]
    rows += ["train,076_9_c1_000001,2.0,2.0"]
    found = labels_of_images(records(LTCC[:2]), table(tmp_path, rows), column="R_LA_5")
    assert found.labels.tolist() == [3, 0]
    assert found.labels.dtype == np.int64
    assert (found.null, found.unlabelled, found.unknown) == (1, 0, 1)
    assert "1 without a pose" in str(found)


def test_test_images_are_told_apart_by_their_folders(tmp_path):
    rows = ["query,query/001_1_c11_015833,4.0,1.0", "test,test/001_1_c11_015833,2.0,1.0"]
    found = labels_of_images(records(LTCC), table(tmp_path, rows), column="R_LA_5")
    assert found.labels.tolist() == [0, 0, 4, 2]
    assert (found.null, found.unlabelled, found.unknown) == (0, 2, 0)


def test_people_with_folders_of_their_own(tmp_path):
    rows = ["train,092_A_cropped_rgb001,1.0,1.0", "val,092_B_cropped_rgb007,2.0,1.0"]
    rows += ["A,A/092_cropped_rgb001,3.0,1.0", "B,B/092_cropped_rgb001,4.0,1.0"]
    found = labels_of_images(records(PRCC), table(tmp_path, rows), column="R_LA_5")
    assert found.labels.tolist() == [1, 2, 3, 4]


def test_an_image_that_stands_in_two_splits_has_one_row(tmp_path):
    rows = ["train,000_1_c10_001003,3.0,1.0"]
    twice = pd.DataFrame({"path": [LTCC[0]] * 2, "pid": 1, "split": ["query", "gallery"]})
    found = labels_of_images(Records(twice, "."), table(tmp_path, rows), column="N_A_5")
    assert found.labels.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["train,someone_else,1.0,1.0"], "no image .* `reid-data poses` makes one"),
        (["train,000_1_c10_001003,1.0,1.0", "train,000_1_c10_001003,2.0,1.0"], "has two labels"),
        (["train,001_1_c11_015833,1.0,1.0"], "fits query/.* and test/"),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path, rows, words):
    with pytest.raises(ValueError, match=words):
        labels_of_images(records(LTCC), table(tmp_path, rows), column="R_LA_5")


def test_a_clustering_that_is_not_there_is_named(tmp_path):
    found = table(tmp_path, ["train,000_1_c10_001003,1.0,1.0"])
    with pytest.raises(ValueError, match=r"no pose clustering 'R_LA_15'; there are: R_LA_5, N_A_5"):
        labels_of_images(records(LTCC), found, column="R_LA_15")


@pytest.mark.parametrize("workers", [0, 2])
def test_missing_masks_and_wrong_sizes_are_counted(tmp_path, make_records, workers):
    names = [f"train/00{pid}_1_c1_000001.png" for pid in range(4)]
    found = make_records(tmp_path / "set", names, size=(20, 10))
    sizes = {0: (10, 20), 1: (20, 10), 2: (10, 20)}
    for pid, size in sizes.items():
        for kind in ("shirt", "pant")[: 1 + (pid != 2)]:
            path = tmp_path / "masks" / f"00{pid}_1_c1_000001_{kind}.png"
            path.parent.mkdir(exist_ok=True)
            Image.new("L", size).save(path)
    check = check_masks(found, MaskFolder(tmp_path / "masks"), workers=workers)
    assert check.missing == (names[2], names[3])
    assert check.wrong_size == (names[1],)
    assert not check.ok
    assert "2 of 4 images have no masks and 1 have masks of another size" in str(check)
    assert "`reid-data masks` makes them" in str(check)
    whole = check_masks(found.take([0]), MaskFolder(tmp_path / "masks"), workers=workers)
    assert whole.ok
    assert str(whole) == "all 1 images have masks of their size"
