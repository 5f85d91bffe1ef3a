"""The verbs, each run in this process on tiny data written here."""

from __future__ import annotations

import json
import math
import pickle
from functools import partial

import numpy as np
import pytest
from PIL import Image

from reid_data.datasets import load_dataset
from reid_data.images import read_image
from reid_data.preprocess.pairs import read_pairs
from reid_data.preprocess.pose_files import write_openpose_csv
from reid_data.preprocess.pose_tables import read_pose_table
from reid_data.preprocess.poses import JOINT_NAMES, Poses


@pytest.fixture
def call(script):
    """Run a verb as the console script would; gives exit code, stdout and stderr."""
    return partial(script, "reid-data")


@pytest.fixture
def answer(call):
    """Run a verb with --json and give what it printed."""

    def invoke(*arguments):
        code, out, err = call(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return invoke


@pytest.fixture
def refused(call):
    """Run a verb that must be refused with exit code 2 and one line; gives the line."""

    def invoke(*arguments):
        code, out, err = call(*arguments)
        assert (code, out) == (2, "")
        lines = [line for line in err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1
        assert "Traceback" not in err
        return lines[0]

    return invoke


@pytest.fixture
def market(tmp_path, make_records):
    """Eight training images of two people, one query and two gallery images."""
    names = [
        f"bounding_box_train/{pid:04d}_c{camera}s1_{frame:06d}_00.jpg"
        for pid in (2, 7)
        for camera, frame in ((1, 51), (1, 76), (2, 51), (3, 10))
    ]
    names += ["query/0003_c1s1_000151_00.jpg", "bounding_box_test/0003_c2s1_000001_01.jpg"]
    names += ["bounding_box_test/0000_c2s1_000001_02.jpg"]
    make_records(tmp_path / "market1501", names, size=(128, 64))
    (tmp_path / "market1501" / "readme.txt").write_text("kept\n")
    return tmp_path / "market1501"


def standing(lean):
    joints = {
        "nose": (32, 14), "neck": (32, 26), "right_shoulder": (22, 27), "left_shoulder": (42, 27),
        "right_hip": (26, 64), "left_hip": (38, 64), "right_eye": (30, 12), "left_eye": (34, 12),
        "right_ear": (28, 13), "left_ear": (36, 13),
    }  # fmt: skip
    step = (26 * math.sin(lean), 26 * math.cos(lean))
    for side in ("right", "left"):
        for start, end in (
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("hip", "knee"),
            ("knee", "ankle"),
        ):
            x, y = joints[f"{side}_{start}"]
            joints[f"{side}_{end}"] = (x + step[0], y + step[1])
    return [joints[name] for name in JOINT_NAMES["openpose18"]]


@pytest.fixture
def keypoints(tmp_path, market):
    """Keypoints of all images but one, in the published CSV; every other person leans."""
    records = load_dataset("market1501", market)
    paths = [path for path in records.table["path"] if "0007_c3" not in path]
    joints = np.array([standing(0.5 * (row % 2)) for row in range(len(paths))])
    names = tuple(path.rpartition("/")[2] for path in paths)
    poses = Poses(names, joints, "openpose18", np.full((len(paths), 2), np.nan))
    write_openpose_csv(poses, tmp_path / "keypoints.csv")
    return tmp_path / "keypoints.csv"


def test_help_lists_the_verbs(call):
    code, out, _ = call("--help")
    assert code == 0
    for verb in ("lowres", "degrade", "masks", "poses", "heatmaps", "pairs", "sizes", "genders"):
        assert verb in out
        assert call(verb, "--help")[0] == 0


@pytest.mark.parametrize("data", [(), ("--data", "market1501")])
def test_lowres(answer, market, tmp_path, data):
    (row,) = answer("lowres", *data, "--root", market, "--out", tmp_path / "x2", "--scale", 2)
    assert (row["images"], row["other files"], row["unreadable"]) == (11, 1, 0)
    again = load_dataset("market1501", tmp_path / "x2")
    assert len(again) == 11
    assert read_image(again.paths[0]).shape == (64, 32, 3)


def test_lowres_restored(answer, market, tmp_path):
    answer("lowres", "--root", market, "--out", tmp_path / "x4", "--scale", 4, "--restore")
    assert read_image(load_dataset("market1501", tmp_path / "x4").paths[0]).shape == (128, 64, 3)


def test_degrade_is_the_same_for_one_seed(answer, market, tmp_path):
    for name, seed, workers in (("a", 3, 0), ("b", 3, 2), ("c", 4, 2)):
        answer(
            "degrade", "--root", market, "--out", tmp_path / name, "--seed", seed,
            "--mixture", "pixelation=1,noise=1,jpeg=1", "--workers", workers,
        )  # fmt: skip
    files = [
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
        for name in ("a", "b", "c")
    ]
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_copies_that_cannot_be_made_are_refused_before_any_work(refused, market, tmp_path):
    where = ("--root", market, "--out")
    assert "scale must be 1 or more" in refused("lowres", *where, tmp_path / "x", "--scale", 0.5)
    assert "damage is one of" in refused("degrade", *where, tmp_path / "x", "--mixture", "fog=1")
    assert "not an empty folder" in refused("lowres", *where, market)
    line = refused("lowres", "--root", tmp_path / "none", "--out", tmp_path / "x")
    assert "expected a folder at" in line
    line = refused("degrade", "--data", "markt1501", *where, tmp_path / "x")
    assert "did you mean market1501" in line
    assert not (tmp_path / "x").exists()


def test_unreadable_images_are_listed_or_skipped(call, answer, market, tmp_path):
    broken = market / "query" / "0003_c1s1_000151_00.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    for verb in ("lowres", "degrade"):
        code, _, err = call(verb, "--root", market, "--out", tmp_path / verb)
        assert code == 2
        assert "1 image cannot be read" in err
        assert str(broken) in err
        assert not (tmp_path / verb).exists()
        (row,) = answer(verb, "--root", market, "--out", tmp_path / verb, "--skip-unreadable")
        assert (row["images"], row["unreadable"]) == (10, 1)


@pytest.fixture
def parsings(tmp_path):
    labels = np.zeros((20, 10), np.uint8)
    labels[2:5, 3:7], labels[5:10, 2:8], labels[10:18, 2:8] = 13, 5, 9
    bare = np.where(labels == 9, 16, labels).astype(np.uint8)
    (tmp_path / "parsings" / "train").mkdir(parents=True)
    (tmp_path / "images" / "train").mkdir(parents=True)
    for name, content in (("000_1_c1_000001", labels), ("001_1_c1_000002", bare)):
        np.save(
            tmp_path / "parsings" / "train" / f"{name}.npy", np.eye(20, dtype=np.float32)[content]
        )
        Image.new("RGB", (10, 20)).save(tmp_path / "images" / "train" / f"{name}.png")
    return tmp_path / "parsings"


def test_masks(call, answer, parsings, tmp_path):
    where = ("--parsings", parsings, "--images", tmp_path / "images")
    found = answer("masks", *where, "--out", tmp_path / "masks")
    assert found["images"] == 2
    assert found["counts"] == {"pant empty": 1}
    assert found["faults"][0]["image"] == "001_1_c1_000002"
    assert len(list((tmp_path / "masks" / "train").iterdir())) == 14
    assert (tmp_path / "masks" / "faulty_union.csv").read_text() == "001_1_c1_000002\n"
    answer("masks", *where, "--out", tmp_path / "some", "--kind", "head", "--kind", "sil")
    assert len(list((tmp_path / "some" / "train").iterdir())) == 4
    code, out, _ = call("masks", *where, "--out", tmp_path / "table")
    assert code == 0
    assert "faulty_pant.csv" in out


def test_masks_refuses(refused, parsings, tmp_path):
    out = ("--out", tmp_path / "masks")
    assert "came tie" in refused("masks", "--parsings", parsings, *out, "--kind", "tie")
    assert "naming must be" in refused("masks", "--parsings", parsings, *out, "--naming", "x")
    assert "there is none" in refused("masks", "--parsings", tmp_path / "none", *out)
    (parsings / "bad.npy").write_bytes(b"bad")
    assert "cannot be read" in refused("masks", "--parsings", parsings, *out)


def test_poses(answer, market, keypoints, tmp_path):
    where = ("--poses", keypoints, "--data", "market1501", "--root", market)
    few = ("--family", "R_A", "--family", "N_LA", "--clusters", 2, "--clusters", 1)
    found = answer("poses", *where, *few, "--out", tmp_path / "poses", "--overlays", 1)
    assert found["tables"] == [
        {"images": "train", "rows": 8, "without a pose": 1},
        {"images": "others", "rows": 3, "without a pose": 0},
    ]
    train = read_pose_table(tmp_path / "poses" / "poses_train.csv")
    assert train.columns == ("R_A_1", "N_LA_1", "R_A_2", "N_LA_2")
    assert train.categories[0] == "bounding_box_train"
    assert set(train.column("R_A_2")) == {0, 1, 2}
    assert (tmp_path / "poses" / "knee.svg").read_text().startswith("<svg")
    fitted = ("--fitted", tmp_path / "poses" / "clusters.npz")
    answer("poses", *where, *fitted, "--out", tmp_path / "again")
    again = read_pose_table(tmp_path / "again" / "poses_test.csv")
    before = read_pose_table(tmp_path / "poses" / "poses_test.csv")
    assert (again.labels == before.labels).all()
    assert again.images == before.images


def test_poses_refuses(refused, market, keypoints, tmp_path):
    where = ("--data", "market1501", "--root", market, "--out", tmp_path / "out")
    ours = ("--poses", keypoints)
    assert "from 1 to 2" in refused("poses", *ours, *where, "--clusters", 5)
    assert "came 'R_X'" in refused("poses", *ours, *where, "--family", "R_X")
    assert "not an empty folder" in refused("poses", *ours, *where[:-1], market)
    assert "expected pose clusters" in refused("poses", *ours, *where, "--fitted", keypoints)
    (tmp_path / "pickles").mkdir()
    (tmp_path / "pickles" / "0002_c1s1_000051_00.pkl").write_bytes(pickle.dumps(print))
    line = refused("poses", "--poses", tmp_path / "pickles", *where)
    assert "pickle asks for builtins.print" in line


def test_heatmaps(answer, market, keypoints, tmp_path):
    (row,) = answer("heatmaps", "--poses", keypoints, "--out", tmp_path / "h", "--device", "cpu")
    assert (row["files"], row["shape"]) == (10, "128x64x18")
    array = np.load(tmp_path / "h" / "0002_c1s1_000051_00.jpg.npy")
    assert array.shape == (128, 64, 18)
    assert array[14, 32, 0] == 1
    answer(
        "heatmaps", "--poses", keypoints, "--out", tmp_path / "p", "--parts", "--half",
        "--size", 64, 32, "--sigma", 1.5, "--data", "market1501", "--root", market,
    )  # fmt: skip
    path = tmp_path / "p" / "bounding_box_train" / "0002_c1s1_000051_00.jpg.npy"
    assert np.load(path).shape == (64, 32, 10)
    assert np.load(path).dtype == np.float16


def test_heatmaps_refuses(refused, keypoints, tmp_path):
    where = ("--poses", keypoints, "--out", tmp_path / "h", "--device", "cpu")
    assert "above 0 pixels" in refused("heatmaps", *where, "--sigma", 0)
    assert "--size must be positive" in refused("heatmaps", *where, "--size", 0, 64)
    assert "no such file" in refused("heatmaps", "--poses", tmp_path / "n.csv", *where[2:])


def test_pairs(answer, market, keypoints, tmp_path):
    (row,) = answer("pairs", "--poses", keypoints, "--out", tmp_path / "all.csv")
    # 0002 has four images, 0007 three with a pose, 0003 two.
    assert row["pairs"] == 4 * 3 + 3 * 2 + 2
    where = ("--data", "market1501", "--root", market)
    (row,) = answer("pairs", "--poses", keypoints, "--out", tmp_path / "train.csv", *where)
    assert row["pairs"] == 4 * 3 + 3 * 2
    made = read_pairs(tmp_path / "train.csv")
    assert not any(name.startswith("0003") for name in made.sources), "train from train"
    (row,) = answer("pairs", "--poses", keypoints, "--out", tmp_path / "few.csv", "--most", 5)
    assert len(read_pairs(tmp_path / "few.csv")) == row["pairs"] == 5


def test_pairs_refuses(refused, market, keypoints, tmp_path):
    where = ("--poses", keypoints, "--out", tmp_path / "p.csv")
    assert "go together" in refused("pairs", *where, "--data", "market1501")
    names = ("--data", "market1501", "--root", market, "--split", "val")
    assert "no images in split val" in refused("pairs", *where, *names)
    assert not (tmp_path / "p.csv").exists()


def test_sizes(answer, market, tmp_path):
    found = answer("sizes", "--root", market, "--out", tmp_path / "sizes.csv")
    assert found["images"] == 11
    assert found["buckets"]["64-128"] == 11
    lines = (tmp_path / "sizes.csv").read_text().splitlines()
    assert lines[0] == "Category,Image,<32,32-64,64-128,128-256,>256"
    assert "query,0003_c1s1_000151_00.jpg,0,0,1,0,0" in lines
    answer("sizes", "--root", market, "--out", tmp_path / "bare.csv", "--no-header")
    assert (tmp_path / "bare.csv").read_text().splitlines() == lines[1:]


def test_outfits_of_a_table_of_records(answer, make_records, tmp_path):
    records = make_records(tmp_path, ["a.png", "b.png"], pids=[5, 12], clothes_id=[3, 1])
    records.to_csv(tmp_path / "records.csv")
    (tmp_path / "genders.csv").write_text("train,005,1\ntrain,012,0\n")
    answer(
        "genders", "--table", tmp_path / "genders.csv", "--data", "csv",
        "--root", tmp_path / "records.csv", "--out", tmp_path / "g.csv",
        "--outfits", tmp_path / "o.csv",
    )  # fmt: skip
    assert (tmp_path / "g.csv").read_text() == "Category,ID,Gender\ntrain,005,1\ntrain,012,0\n"
    assert (tmp_path / "o.csv").read_text() == "Category,ID,Clothes\ntrain,005,3\ntrain,012,1\n"


def test_genders(call, answer, refused, market, tmp_path):
    where = ("--data", "market1501", "--root", market, "--out", tmp_path / "out.csv")
    table = tmp_path / "genders.csv"
    table.write_text("Category,ID,Gender\ntrain,0007,0\ntrain,99,1\n\n")
    found = answer("genders", "--table", table, *where)
    assert found == {
        "identities": 2, "male": 0, "female": 1, "not in the table": 1, "missing": [2],
    }  # fmt: skip
    assert (tmp_path / "out.csv").read_text() == "Category,ID,Gender\ntrain,007,0\n"
    assert "1 identities have no gender: 2" in call("genders", "--table", table, *where)[2]
    table.write_text("train,0,1\ntrain,1,0\n")
    found = answer("genders", "--table", table, *where, "--labels", "--no-header")
    assert (found["male"], found["female"]) == (1, 1)
    assert (tmp_path / "out.csv").read_text() == "train,002,1\ntrain,007,0\n"
    assert "give --labels" in refused("genders", "--table", table, *where)
    line = refused("genders", "--table", table, *where, "--labels", "--outfits", tmp_path / "o.csv")
    assert "no outfits" in line
    table.write_text("train,x,1\n")
    assert "line 1: expected an id" in refused("genders", "--table", table, *where)


def test_recolouring_without_outfits_or_masks_is_refused(tmp_path, market, refused, make_records):
    own = ("--data", "market1501", "--root", market, "--out", tmp_path / "new")
    (tmp_path / "masks").mkdir()
    assert "clothes_id" in refused("recolour", "--masks", tmp_path / "masks", *own)
    names = ["train/000_1_c1_000001.png"]
    for folder in ("train", "query", "test"):
        names += [f"{folder}/001_1_c1_00000{number}.png" for number in (1, 2)]
    make_records(tmp_path / "ltcc", names, size=(32, 16))
    ltcc = ("--data", "ltcc", "--root", tmp_path / "ltcc", "--out", tmp_path / "new")
    line = refused("recolour", "--masks", tmp_path / "masks", *ltcc)
    assert "3 of 3 images have no masks" in line
    assert "`reid-data masks` makes them" in line
    assert not (tmp_path / "new").exists()
