"""Scores that need keypoints."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_data.preprocess import Poses
from reid_gen.scoring.pairing import ImagePair
from reid_gen.scoring.score import pair_scores, pose_scores


def poses(names: tuple[str, ...]) -> Poses:
    joints = np.full((len(names), 18, 2), np.nan)
    joints[:, [0, 1, 8, 11]] = [[16, 10], [16, 18], [13, 36], [19, 36]]
    return Poses(names, joints, "openpose18", np.array([[64.0, 32.0]] * len(names)))


def test_mask_ssim_in_both_forms_where_poses_are_known(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("fake", "real"):
        Image.fromarray(rng.integers(0, 256, (64, 32, 3), dtype=np.uint8)).save(
            tmp_path / f"{name}.png"
        )
    pairs = [ImagePair(tmp_path / "fake.png", tmp_path / "real.png")]
    found = {s.name: s.value for s in pair_scores(pairs, size=(64, 32), poses=poses(("real",)))}
    assert found["mask-SSIM zeroed"] > 0.3
    assert abs(found["mask-SSIM inside"]) < 0.2
    with pytest.raises(ValueError, match="reid-data poses"):
        pair_scores(pairs, poses=poses(("other",)))


def test_pckh_of_poses_read_from_images() -> None:
    asked = poses(("a.png", "b.png"))
    fakes, targets = [Path("x.png"), Path("y.png")], [Path("a.png"), Path("b.png")]
    every, _ = pose_scores(fakes, targets, found=poses(("x.png", "y.png")), asked=asked)
    assert every.value == 1
    half, seen = pose_scores(fakes, targets, found=poses(("x.png",)), asked=asked)
    assert (half.value, seen.value) == (0.5, 1)
    assert "4 not found" in half.how
    with pytest.raises(ValueError, match="no keypoints, first b"):
        pose_scores(fakes, targets, found=asked, asked=poses(("a.png",)))
