"""An audit of a data set with one fault of each kind."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from reid_data import Records, cli, load_dataset
from reid_data.audit.balance import distribution
from reid_data.audit.labels import suspicious_labels
from reid_data.audit.report import audit_records
from reid_data.console import run

Write = Callable[..., Path]


@pytest.fixture
def faulty(tmp_path: Path, write_image: Write) -> Path:
    """Market-1501's layout: train people 1 to 3, test people 4 to 6, cameras 1 and 2."""
    root = tmp_path / "faulty <set>"
    seed = 0
    for folder, people in (("bounding_box_train", (1, 2, 3)), ("bounding_box_test", (4, 5, 6))):
        for pid in people:
            for camera in (1, 2):
                seed += 1
                name = f"{pid:04d}_c{camera}s1_{seed:06d}_00.png"
                write_image(root / folder / name, seed=seed, size=(128, 64))
    test = root / "bounding_box_test"
    write_image(root / "query" / "0004_c1s1_000099_00.png", seed=99, size=(64, 32))
    train = root / "bounding_box_train"
    # The same picture in train and test, as another file format.
    pixels = Image.open(train / "0001_c1s1_000001_00.png").convert("RGB")
    pixels.save(test / "0000_c1s1_000100_01.bmp")
    # Nearly the same picture, in JPEG, of another person within the test.
    other = Image.open(test / "0005_c1s1_000009_00.png").convert("RGB")
    other.save(test / "0006_c1s1_000101_00.jpg", quality=60)
    # Frames of one walk: normal.
    shutil.copy(test / "0005_c2s1_000010_00.png", test / "0005_c2s1_000011_00.png")
    # Person 1 is seen in the test too; person 7 in one camera only.
    write_image(test / "0001_c2s1_000102_00.png", seed=102, size=(128, 64))
    write_image(train / "0007_c1s1_000103_00.png", seed=103, size=(128, 64))
    (test / "0004_c1s1_000104_00.png").write_bytes(b"no picture")
    return root


def test_each_fault_is_found_and_nothing_else(faulty: Path) -> None:
    records = load_dataset("market1501", faulty)
    seen: list[int] = []
    report = audit_records(records, workers=2, advance=seen.append)
    assert sum(seen) == report.images == len(records)
    assert [item.path.name for item in report.unreadable] == ["0004_c1s1_000104_00.png"]
    assert report.shared_identities == (1,)
    found = [
        (item.kind, Path(item.first).name, Path(item.second).name, item.across, item.conflicting)
        for item in report.duplicates
    ]
    assert found == [
        ("exact", "0001_c1s1_000001_00.png", "0000_c1s1_000100_01.bmp", True, False),
        ("near", "0005_c1s1_000009_00.png", "0006_c1s1_000101_00.jpg", False, True),
    ]
    assert report.one_camera == {"train": [7], "test": [1]}
    assert report.suspicious is None
    by_split = {item.split: item for item in report.balance}
    assert by_split["train"].images_per_camera == {"1": 4, "2": 3}
    assert by_split["train"].identities_per_camera == {"1": 4, "2": 3}
    assert (report.heights.minimum, report.heights.maximum) == (64, 128)
    assert sum(report.sharpness.bins) == len(records) - 1
    assert [row["found"] for row in report.summary()] == [1, 1, 1, 0, 1, 1, 1]


def test_blank_pictures_are_not_near_each_other(tmp_path: Path) -> None:
    for number, level in enumerate((10, 11, 200)):
        Image.new("RGB", (32, 64), (level,) * 3).save(tmp_path / f"{number}.png")
    table = pd.DataFrame(
        {"path": ["0.png", "1.png", "2.png"], "pid": [1, 2, 3], "split": ["train", "query", "val"]}
    )
    assert audit_records(Records(table, tmp_path), workers=0).duplicates == ()


def embedded(pids: list[int], splits: list[str], features: list[list[float]]) -> Any:
    table = pd.DataFrame(
        {"path": [f"{at}.jpg" for at in range(len(pids))], "pid": pids, "split": splits}
    )
    return suspicious_labels(Records(table, Path()), np.array(features))


def test_an_image_among_others_is_suspicious_and_cannot_vouch_for_itself() -> None:
    # Image 2 is labelled 1 and lies with 2. With itself in the mean of 1 it would be excused.
    found = embedded([1, 1, 2, 2, 1], ["train"] * 5, [[9, 0], [8, 1], [0.1, 2], [0, 1], [0.2, 100]])
    assert [(item.row, item.pid, item.looks_like) for item in found] == [(4, 1, 2)]
    rest = np.mean([[1, 0], np.array([8, 1]) / np.sqrt(65)], axis=0)
    expected = rest @ [0.2, 100] / np.linalg.norm(rest) / np.linalg.norm([0.2, 100])
    assert found[0].own_similarity == pytest.approx(expected, abs=1e-4)


def test_nobody_and_single_images_and_the_other_side_do_not_count() -> None:
    same = [[1.0, 0.0]] * 5
    splits = ["train", "gallery", "distractor", "junk", "val"]
    assert embedded([1, 2, 0, -1, 3], splits, same) == []


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ([[1.0, 2.0]], r"numbers \(2, D\).* came float64 \(1, 2\)"),
        ([[1.0], [np.nan]], "must be finite; row 1 is not"),
        ([["a"], ["b"]], "expected embeddings as numbers"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(features: list[list[float]], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        embedded([1, 1], ["train"] * 2, features)


@pytest.mark.parametrize("values", [[], [3.0], [0.0, 0.25, 7.5], [1e9, -1e9]])
def test_a_histogram_loses_nobody(values: list[float]) -> None:
    for whole in (False, True):
        spread = distribution(np.array(values), whole=whole)
        assert sum(spread.bins) == spread.count == len(values)
        assert len(spread.bins) <= 25


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["reid-data", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        run(cli.app)
    return int(caught.value.code or 0)


def test_the_verb_writes_a_page_and_a_file_for_machines(
    faulty: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    records = load_dataset("market1501", faulty)
    features = np.random.default_rng(0).normal(size=(len(records), 8)).astype(np.float32)
    np.save(tmp_path / "e.npy", features)
    out = tmp_path / "out"
    common = ("audit", "--data", "market1501", "--root", faulty, "--out", out)
    assert call(monkeypatch, *common, "--embeddings", tmp_path / "e.npy", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "audit.json").read_text())
    assert printed["suspicious"]
    page = (out / "audit.html").read_text()
    assert "Audit of market1501" in page
    assert "faulty &lt;set&gt;" in page
    assert "faulty <set>" not in page
    assert page.count("data:image/jpeg;base64,") >= 4
    assert "http://" not in page
    assert "https://" not in page
    assert call(monkeypatch, *common) == 0
    assert "near duplicates across" in capsys.readouterr().out


def test_the_verb_refuses_what_is_no_array(
    faulty: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "e.npy").write_bytes(b"\x80\x04K\x01.")
    code = call(
        monkeypatch,
        *("audit", "--data", "market1501", "--root", faulty, "--out", tmp_path / "out"),
        *("--embeddings", tmp_path / "e.npy"),
    )
    assert code == 2
    assert "is not an .npy file of numbers" in capsys.readouterr().err
