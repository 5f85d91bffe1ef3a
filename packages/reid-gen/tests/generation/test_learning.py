"""The benchmark at a small size: the generator beats what one has without one."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[4] / "benchmarks" / "generation.py"


@pytest.mark.slow
def test_drawings_beat_copies_and_means_and_clothes_change(tmp_path: Path) -> None:
    words = ["--scale", "small", "--work", tmp_path / "work", "--out", tmp_path / "found.json"]
    subprocess.run([sys.executable, BENCHMARK, *words], check=True)
    found = json.loads((tmp_path / "found.json").read_text())
    drawn, *others = found["poses"]
    assert [row["images"] for row in others] == ["source image", "mean image", "mean of camera"]
    for row in others[:2]:
        for score in ("SSIM", "L1", "PCKh"):
            mean, low = map(float, re.findall(r"[+-][\d.]+", row[f"{score} ahead"])[:2])
            assert low > 0, (row["images"], score, mean)
    assert found["keypoint network"]["PCKh of photographs"] > drawn["PCKh"]
    for garment in found["clothes"]:
        assert garment["nearer to donor"] > 0.55
        assert garment["to the donor's colour"] < garment["unchanged"]
        assert garment["rest moved"] < 0.5 * garment["garment moved"]
