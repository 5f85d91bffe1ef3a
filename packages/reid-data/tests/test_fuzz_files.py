"""Damaged tables, keypoints, arrays and pictures: read, or refused with a reason."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from reid_data import Records
from reid_data.datasets.json_files import read_json
from reid_data.images import read_image
from reid_data.preprocess import (
    Poses,
    fit_pose_clusters,
    load_clusters,
    read_genders,
    read_mask,
    read_names,
    read_outfits,
    read_pairs,
    read_parsing,
    read_pose_table,
    read_poses,
    read_sizes,
    save_clusters,
)
from reid_data.preprocess.array_files import read_npy, read_npz
from reid_data.safe_pickle import load_pickle

Fuzz = Callable[..., int]
Read = Callable[[Path], object]

KEYPOINTS = {
    "image_id": "a.jpg",
    "category_id": 1,
    "keypoints": [float(n) for n in range(51)],
    "score": 2.5,
    "box": [0, 0, 30, 60],
}
PICKLE = {
    "yolo_scores": np.array([0.9]),
    "coordinates": np.arange(34.0).reshape(1, 17, 2) + 1,
    "normalized_coords": np.arange(34.0).reshape(1, 17, 2) / 100 + 0.01,
}
TEXTS: dict[str, tuple[str, Read]] = {
    "records.csv": (
        'path,pid,camid,split,clothes_id,timestamp\n"a, 1.jpg",7,1,train,,0.5\nb,-1,,gallery,3,\n',
        Records.from_csv,
    ),
    "poses.csv": (
        "name:keypoints_y:keypoints_x\n" + f"a.jpg: {list(range(18))}: {list(range(18))}\n",
        read_poses,
    ),
    "poses.json": (json.dumps([KEYPOINTS, {**KEYPOINTS, "image_id": "b.jpg"}]), read_poses),
    "labels.csv": (
        "Category,Image,R_LA_5,N_A_10\ntrain,000_1_c10_001003,3.0,1.0\ntrain,b,0.0,10.0\n",
        read_pose_table,
    ),
    "pairs.csv": ("from,to\na.jpg,b.jpg\nb.jpg,a.jpg\n", read_pairs),
    "sizes.csv": (
        "Category,Image,<32,32-64,64-128,128-256,>256\nquery,001_1_c11_015833.png,0,0,0,0,1\n",
        read_sizes,
    ),
    "genders.csv": ("Category,ID,Gender\ntrain,127,1\ntrain,p0003,0\n\n", read_genders),
    "outfits.csv": ("Category,ID,Clothes\ntrain,000,1\n", read_outfits),
    "faulty.csv": ("108_C_cropped_rgb001\n000004_000004_000_00009_0257_01_001\n", read_names),
    "any.json": ('{"train": [["a", 1, -2.5e3]], "b": null}', read_json),
}


def write_binary(root: Path) -> dict[Path, Read]:
    """One small file of each binary kind, and what reads it."""
    grey = np.arange(12, dtype=np.uint8).reshape(4, 3)
    Image.fromarray(grey % 20).save(root / "parsing.png")
    Image.fromarray(np.stack([grey] * 3, axis=2) * 9).save(root / "image.png")
    Image.fromarray(np.stack([grey] * 3, axis=2) * 9).save(root / "image.jpg")
    np.save(root / "parsing.npy", np.eye(20, dtype=np.float32)[grey])
    np.save(root / "features.npy", np.zeros((4, 2), np.float32))
    np.savez(root / "some.npz", a=np.arange(3), b=np.array("text"))
    (root / "pickles").mkdir()
    (root / "pickles" / "a.pkl").write_bytes(pickle.dumps(PICKLE))
    joints = np.random.default_rng(0).uniform(1, 60, (8, 18, 2))
    names = tuple(f"{n}.jpg" for n in range(len(joints)))
    poses = Poses(names, joints, "openpose18", np.full((len(joints), 2), 64.0))
    save_clusters(fit_pose_clusters(poses, family="R_LA", counts=(2, 3)), root / "clusters.npz")
    table = pd.DataFrame({"path": ["a.jpg"], "pid": [1], "split": "train", "camid": [2]})
    Records(table, root).to_parquet(root / "records.parquet")
    return {
        root / "parsing.png": read_parsing,
        root / "parsing.npy": read_parsing,
        root / "image.png": read_mask,
        root / "image.jpg": read_image,
        root / "features.npy": read_npy,
        root / "some.npz": read_npz,
        root / "clusters.npz": load_clusters,
        root / "pickles" / "a.pkl": lambda path: (load_pickle(path), read_poses(path.parent)),
        root / "records.parquet": Records.from_parquet,
    }


def fuzz_texts(tmp_path: Path, fuzz: Fuzz, name: str, count: int) -> None:
    content, read = TEXTS[name]
    path = tmp_path / name
    path.write_text(content)
    read(path)
    fuzz(path, lambda: read(path), count=count)


def fuzz_binary(tmp_path: Path, fuzz: Fuzz, count: int) -> None:
    for path, read in write_binary(tmp_path).items():
        read(path)
        assert fuzz(path, lambda path=path, read=read: read(path), count=count)


@pytest.mark.parametrize("name", TEXTS)
def test_damaged_texts(tmp_path: Path, fuzz: Fuzz, name: str) -> None:
    fuzz_texts(tmp_path, fuzz, name, 60)


def test_damaged_arrays_pickles_and_pictures(tmp_path: Path, fuzz: Fuzz) -> None:
    fuzz_binary(tmp_path, fuzz, 60)


@pytest.mark.parametrize("name", TEXTS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.text(max_size=60) | st.text(",:[]{}\"'0123456789.-\n\r e\x00", max_size=60))
def test_any_text_is_read_or_refused(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        TEXTS[name][1](path)
    except ValueError as error:
        assert str(error).strip()  # noqa: PT017 - either outcome is right


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_many_damaged_texts(tmp_path: Path, fuzz: Fuzz, name: str) -> None:
    fuzz_texts(tmp_path, fuzz, name, 5000)


@pytest.mark.slow
def test_many_damaged_arrays_pickles_and_pictures(tmp_path: Path, fuzz: Fuzz) -> None:
    fuzz_binary(tmp_path, fuzz, 3000)
