"""Scores of folders, on the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torchvision.models import alexnet

from reid_data.preprocess import Poses, write_openpose_csv
from reid_gen.cli import app
from reid_gen.manifest import write_manifest


def run(*words: object) -> None:
    app([str(word) for word in words], standalone_mode=False)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "purifying"))
    rng = np.random.default_rng(0)
    fake, real = tmp_path / "fake", tmp_path / "real"
    fake.mkdir()
    real.mkdir()
    for name in "abc":
        pixels = rng.integers(0, 256, (32, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(real / f"{name}.png")
        Image.fromarray(255 - pixels if name == "c" else pixels).save(fake / f"{name}.png")
    return fake, real


def test_scores_of_pairs_and_sets(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run("score", *folders, "--model", "looks:colours", "--device", "cpu", "--json")
    scores = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(scores) == {"SSIM", "L1", "PSNR", "FID reid", "KID reid"}
    assert scores["SSIM"]["value"] < 0.7
    assert "range 255" in scores["SSIM"]["how"]
    assert scores["FID reid"]["images"] == 3
    assert scores["FID reid"]["value"] > 0
    run("score", folders[1], folders[1], "--json")
    same = {row["name"]: row["value"] for row in json.loads(capsys.readouterr().out)}
    assert same == {"SSIM": 1.0, "L1": 0.0, "PSNR": 100.0}


def test_manifest_says_the_targets(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    fake, real = folders
    rows = [{"file": f"{name}.png", "pid": 1, "target": "a.png"} for name in "ab"]
    write_manifest(pd.DataFrame(rows), fake)
    run("score", fake, real, "--json")
    (ssim, *_) = json.loads(capsys.readouterr().out)
    assert ssim["images"] == 2
    assert 0.4 < ssim["value"] < 0.8


def test_identity_is_whose_nearest_image_is_claimed(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    fake, real = folders
    for pid, name in enumerate("abc"):
        (real / f"{name}.png").rename(real / f"{pid:04}_c1.png")
        if name == "c":
            (fake / "c.png").write_bytes((fake / "a.png").read_bytes())
    rows = [{"file": f"{name}.png", "pid": pid} for pid, name in enumerate("abc")]
    write_manifest(pd.DataFrame(rows), fake)
    run("score", fake, real, "--model", "looks:colours", "--device", "cpu", "--json")
    scores = {row["name"]: row["value"] for row in json.loads(capsys.readouterr().out)}
    assert scores["rank-1 reid"] == pytest.approx(2 / 3)


def test_files_of_keypoints_and_weights_bring_their_scores(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, real = folders
    joints = np.full((3, 18, 2), np.nan)
    joints[:, [0, 1, 2, 5, 8, 11]] = [[8, 4], [8, 9], [6, 10], [10, 10], [6, 20], [10, 20]]
    names, sizes = tuple(f"{name}.png" for name in "abc"), np.full((3, 2), np.nan)
    write_openpose_csv(Poses(names, joints, "openpose18", sizes), tmp_path / "asked.csv")
    found = joints.copy()
    found[2, :] += 9
    write_openpose_csv(Poses(names, found, "openpose18", sizes), tmp_path / "found.csv")
    torch.save(alexnet(weights=None).state_dict(), tmp_path / "alexnet.pth")
    poses = ("--keypoints", tmp_path / "asked.csv", "--found", tmp_path / "found.csv")
    run("score", fake, real, *poses, "--lpips", tmp_path / "alexnet.pth", "--json")
    scores = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(scores) == {
        *("SSIM", "L1", "PSNR", "mask-SSIM zeroed", "mask-SSIM inside"),
        *("LPIPS", "PCKh all joints", "PCKh found joints"),
    }
    # Of the three images one is another, in its pixels and in its pose.
    assert scores["PCKh all joints"]["value"] == pytest.approx(2 / 3)
    assert scores["LPIPS"]["value"] > 0
    assert scores["LPIPS"]["how"].startswith("AlexNet")
    assert scores["mask-SSIM inside"]["value"] < scores["mask-SSIM zeroed"]["value"] < 1
    with pytest.raises(ValueError, match="--keypoints, not given"):
        run("score", fake, real, *poses[2:])
    write_openpose_csv(Poses(("x",), joints[:1], "openpose18", sizes[:1]), tmp_path / "x.csv")
    with pytest.raises(ValueError, match="3 of 3 targets have no keypoints"):
        run("score", fake, real, "--keypoints", tmp_path / "x.csv")


def test_what_cannot_be_compared_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    fake, real = folders
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no images in"):
        run("score", fake, tmp_path / "empty")
    with pytest.raises(ValueError, match="which is none"):
        run("score", fake, tmp_path / "nowhere")
    for path in fake.iterdir():
        path.rename(fake / f"x{path.name}")
    with pytest.raises(ValueError, match="give --model"):
        run("score", fake, real)
