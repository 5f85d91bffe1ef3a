"""Every verb of preparation on synthetic people, with parsing maps and keypoints as drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_data import load_dataset
from reid_data.preprocess import Poses, read_mask, read_pairs, read_pose_table, write_openpose_csv
from reid_data.synth import Difficulty, Shot, open_studio

PEOPLE, CAMERAS = (1, 2, 3, 4), (1, 2, 3)
TRAINED = (1, 2, 3)
SIZE = (128, 64)

Answer = Callable[..., Any]


def named(pid: int, camid: int) -> tuple[str, str]:
    folder, split = "bounding_box_train", "train"
    if pid not in TRAINED:
        folder, split = ("query", "query") if camid == 1 else ("bounding_box_test", "gallery")
    return f"{folder}/{pid:04d}_c{camid}s1_{1000 * pid + camid:06d}_01.jpg", split


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images in Market-1501's layout; beside them parsings and keypoints.csv, as drawn."""
    root = tmp_path_factory.mktemp("people")
    studio = open_studio(cameras=len(CAMERAS), seed=5, difficulty=Difficulty(occlusion=0.0))
    names, joints = [], []
    for pid in PEOPLE:
        for camid in CAMERAS:
            path, split = named(pid, camid)
            crop = studio.draw(Shot(split, pid, camid, index=0, frame=1000 * pid + camid))
            for folder in ("market1501", "parsings"):
                (root / folder / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(crop.image).save(root / "market1501" / path, quality=95)
            np.save((root / "parsings" / path).with_suffix(".npy"), np.eye(20)[crop.parsing])
            names.append(path.rpartition("/")[2])
            joints.append(np.rint(crop.keypoints))
    sizes = np.full((len(names), 2), np.nan)
    poses = Poses(tuple(names), np.array(joints, dtype=np.float64), "openpose18", sizes)
    write_openpose_csv(poses, root / "keypoints.csv")
    (root / "genders.csv").write_text("Category,ID,Gender\ntrain,1,1\ntrain,2,0\ntrain,3,1\n\n")
    return root


@pytest.fixture
def answer(script: Callable[..., tuple[int, str, str]]) -> Answer:
    def invoke(*arguments: object) -> Any:
        code, out, err = script("reid-data", *arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return invoke


def data(people: Path) -> tuple[object, ...]:
    return ("--data", "market1501", "--root", people / "market1501")


def test_look_at_them(answer: Answer, people: Path, tmp_path: Path) -> None:
    assert {row["split"] for row in answer("info", *data(people))["splits"]} == {
        *("train", "query", "gallery")
    }
    assert answer("check", *data(people), "--no-counts")["ok"]
    answer("manifest", *data(people), "--out", tmp_path / "all.parquet")
    assert len(answer("list")) > 25
    report = answer("audit", *data(people), "--out", tmp_path / "audit")
    assert report["duplicates"] == []
    assert "<html" in (tmp_path / "audit" / "audit.html").read_text()


@pytest.mark.parametrize(
    ("verb", "options"),
    [("lowres", ("--scale", 4)), ("degrade", ("--mixture", "pixelation=1,motion=1,defocus=1"))],
)
def test_copies_of_low_quality_keep_names_and_lose_detail(
    answer: Answer, people: Path, tmp_path: Path, verb: str, options: tuple[object, ...]
) -> None:
    answer(verb, *data(people), "--out", tmp_path / "low", *options)
    before = load_dataset("market1501", people / "market1501")
    after = load_dataset("market1501", tmp_path / "low")
    assert after.table["path"].tolist() == before.table["path"].tolist()

    def detail(path: Path) -> float:
        grey = Image.open(path).convert("L").resize(SIZE[::-1], Image.Resampling.BILINEAR)
        return float(np.abs(np.diff(np.asarray(grey, dtype=float), axis=1)).mean())

    lost = [detail(low) < detail(high) for low, high in zip(after.paths, before.paths, strict=True)]
    assert all(lost)


def test_masks_are_of_the_person_that_was_drawn(
    answer: Answer, people: Path, tmp_path: Path
) -> None:
    found = answer("masks", "--parsings", people / "parsings", "--out", tmp_path / "masks")
    assert found["images"] == len(PEOPLE) * len(CAMERAS)
    path = named(2, 3)[0]
    parsing = np.load((people / "parsings" / path).with_suffix(".npy")).argmax(axis=2)
    stem = Path(path).stem
    (silhouette,) = (tmp_path / "masks").rglob(f"{stem}*sil*")
    assert ((read_mask(silhouette) > 0) == (parsing > 0)).mean() > 0.97
    assert (tmp_path / "masks" / "faulty_union.csv").is_file()


def test_poses_are_clustered_on_train_and_applied_to_test(
    answer: Answer, people: Path, tmp_path: Path
) -> None:
    few = ("--clusters", 2, "--clusters", 4, "--overlays", 2, "--sheets", 3)
    found = answer(
        "poses", "--poses", people / "keypoints.csv", *data(people), *few, "--out", tmp_path / "p"
    )
    assert [row["rows"] for row in found["tables"]] == [9, 3]
    test = read_pose_table(tmp_path / "p" / "poses_test.csv")
    assert len(test.columns) == 2 * 6, "six vectors at two numbers of clusters"
    assert test.column("R_LA_4").max() <= 4
    assert (
        len(list((tmp_path / "p").rglob("*.png"))) + len(list((tmp_path / "p").rglob("*.jpg"))) >= 2
    )
    assert (tmp_path / "p" / "knee.svg").is_file()
    with Image.open(tmp_path / "p" / "sheets" / "R_LA_4.png") as sheet:
        assert sheet.width == 3 * (SIZE[1] + 2), "three images of each cluster"
    assert len(list((tmp_path / "p" / "sheets").iterdir())) == 2 * 6


def test_recoloured_people_keep_all_but_their_clothes(
    answer: Answer, people: Path, tmp_path: Path
) -> None:
    masks = ("--masks", tmp_path / "masks")
    answer("masks", "--parsings", people / "parsings", "--out", tmp_path / "masks")
    answer("manifest", *data(people), "--out", people / "market1501" / "all.csv")
    table = pd.read_csv(people / "market1501" / "all.csv").assign(clothes_id=1)
    table.to_csv(people / "market1501" / "dressed.csv", index=False)
    own = ("--data", "csv", "--root", people / "market1501" / "dressed.csv")
    new = answer("recolour", *masks, *own, "--out", tmp_path / "new", "--overlays", 2)
    assert new["images"] == len(TRAINED) * len(CAMERAS)
    assert Path(new["overlays"]).is_file()
    path = named(2, 3)[0]
    labels = np.load((people / "parsings" / path).with_suffix(".npy")).argmax(axis=2)
    before, after = (
        np.asarray(Image.open(root / path)).astype(int)
        for root in (people / "market1501", tmp_path / "new")
    )
    worn = np.isin(labels, (5, 7, 10, 9, 12))
    changed = np.abs(after - before).max(axis=2)
    assert changed[worn].mean() > 10 * changed[~worn].mean()


def test_heatmaps_stand_where_the_joints_were_drawn(
    answer: Answer, people: Path, tmp_path: Path
) -> None:
    keypoints = ("--poses", people / "keypoints.csv")
    answer("heatmaps", *keypoints, *data(people), "--out", tmp_path / "h", "--device", "cpu")
    path = named(1, 1)[0]
    maps = np.load(tmp_path / "h" / f"{path}.npy")
    studio = open_studio(cameras=len(CAMERAS), seed=5, difficulty=Difficulty(occlusion=0.0))
    drawn = studio.draw(Shot("train", 1, 1, index=0, frame=1001)).keypoints
    for joint, (column, row) in enumerate(np.rint(drawn).astype(int).tolist()):
        if 0 <= row < SIZE[0] and 0 <= column < SIZE[1]:
            assert maps[row, column, joint] == 1
    answer("heatmaps", *keypoints, "--parts", "--out", tmp_path / "parts", "--device", "cpu")
    assert np.load(next((tmp_path / "parts").rglob("*.npy"))).shape == (*SIZE, 10)


def test_pairs_sizes_and_genders(answer: Answer, people: Path, tmp_path: Path) -> None:
    keypoints = ("--poses", people / "keypoints.csv")
    answer("pairs", *keypoints, *data(people), "--out", tmp_path / "pairs.csv")
    pairs = read_pairs(tmp_path / "pairs.csv")
    assert len(pairs) == len(TRAINED) * len(CAMERAS) * (len(CAMERAS) - 1)
    assert all(one[:4] == two[:4] for one, two in zip(pairs.sources, pairs.targets, strict=True))
    sizes = answer("sizes", *data(people), "--out", tmp_path / "sizes.csv")
    assert sizes["buckets"]["64-128"] == len(PEOPLE) * len(CAMERAS)
    genders = ("--table", people / "genders.csv", "--out", tmp_path / "genders.csv")
    assert answer("genders", *genders, *data(people))["male"] == 2
