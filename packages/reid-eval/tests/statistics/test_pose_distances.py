"""Distances by pose and person: against loops, and through the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid_eval import Embeddings
from reid_eval.cli import main
from reid_eval.statistics import pose_distances

Make = Callable[..., Embeddings]


@pytest.fixture
def sides(make: Make) -> tuple[Embeddings, Embeddings, np.ndarray, np.ndarray]:
    """Features that are the sum of a person, a pose and noise; some images lack a pose."""
    generator = np.random.default_rng(0)
    people, poses = generator.normal(size=(6, 8)), generator.normal(size=(4, 8))

    def side(count: int, cameras: tuple[int, ...], split: str) -> tuple[Embeddings, np.ndarray]:
        pids = np.where(np.arange(count) % 9 == 8, -1, np.arange(count) % 6)
        labels = generator.integers(0, 4, count)
        camids = np.array(cameras)[np.arange(count) % len(cameras)]
        features = people[pids] + 0.5 * poses[labels] + 0.3 * generator.normal(size=(count, 8))
        names = [f"{split}/{row:03d}_1_c{camera}_000001.png" for row, camera in enumerate(camids)]
        return make(features, pids, camids, names=names, split=split), labels

    query, asked = side(20, (1, 2), "query")
    gallery, answered = side(31, (1, 2, 3), "test")
    return query, gallery, asked, answered


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("camera_filter", ["cross-camera", "none"])
def test_the_four_kinds_are_those_of_a_loop(
    sides: tuple[Any, ...], metric: Any, camera_filter: Any
) -> None:
    query, gallery, asked, answered = sides
    expected: dict[tuple[bool, bool], list[float]] = {
        (person, pose): [] for person in (True, False) for pose in (True, False)
    }
    for row in range(len(query)):
        for column in range(len(gallery)):
            if not asked[row] or not answered[column]:
                continue
            if -1 in (query.pids[row], gallery.pids[column]):
                continue
            person = query.pids[row] == gallery.pids[column]
            camera = query.camids[row] == gallery.camids[column]
            if camera_filter == "cross-camera" and person and camera:
                continue
            a, b = query.features[row].astype(float), gallery.features[column].astype(float)
            cosine = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
            distance = cosine if metric == "cosine" else float(np.linalg.norm(a - b))
            expected[bool(person), bool(asked[row] == answered[column])].append(distance)
    found = pose_distances(
        query, gallery, asked, answered, metric=metric, camera_filter=camera_filter
    )
    for kind in found.kinds:
        wanted = np.sort(expected[kind.same_person, kind.same_pose])
        np.testing.assert_allclose(kind.distances, wanted, atol=1e-5)
    known = [labels[side.pids != -1] for side, labels in ((query, asked), (gallery, answered))]
    assert found.without_pose == 51 - sum(int((labels > 0).sum()) for labels in known)
    means = {(kind.same_person, kind.same_pose): kind.mean for kind in found.kinds}
    assert found.pose_gap == means[True, False] - means[True, True]
    assert found.identity_gap == means[False, True] - means[True, False]
    assert found.pose_gap > 0, "these features know the pose"


def test_an_image_is_no_pair_with_itself(make: Make) -> None:
    features = np.eye(3) + 0.1
    one = make(features, [1, 1, 2], [None] * 3, names=["a", "b", "c"])
    found = pose_distances(one, one, [1, 1, 1], [1, 1, 1])
    assert [len(kind.distances) for kind in found.kinds] == [2, 0, 4, 0]
    assert found.to_dict()["kinds"][1]["mean"] is None
    assert found.to_dict()["pose_gap"] is None


def test_of_too_many_pairs_some_queries_are_taken(sides: tuple[Any, ...]) -> None:
    query, gallery, asked, answered = sides
    some = [
        pose_distances(query, gallery, asked, answered, most_pairs=100, seed=seed)
        for seed in (1, 1, 2)
    ]
    counts = [sum(len(kind.distances) for kind in found.kinds) for found in some]
    assert counts[0] == counts[1] <= 100
    assert (some[0].kinds[3].distances == some[1].kinds[3].distances).all()


def test_what_has_no_poses_is_refused(sides: tuple[Any, ...]) -> None:
    query, gallery, asked, answered = sides
    with pytest.raises(ValueError, match=r"for each of 31 gallery images, got \(20,\)"):
        pose_distances(query, gallery, asked, asked)
    with pytest.raises(ValueError, match="no query image has a pose; `reid-data poses`"):
        pose_distances(query, gallery, 0 * asked, answered)


def test_the_verb_reads_a_table_and_draws(
    sides: tuple[Any, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib")
    query, gallery, asked, answered = sides
    rows = []
    for name, side, labels in (("query", query, asked), ("test", gallery, answered)):
        side.save(tmp_path / name)
        for path, label in zip(side.table["path"], labels, strict=True):
            rows.append(f"{name},{path.removesuffix('.png')},{float(label)}")
    (tmp_path / "poses.csv").write_text("\n".join(["Category,Image,R_LA_5", *rows]) + "\n")

    def run(*more: str) -> tuple[int, str, str]:
        sys.argv = ["reid-eval", "pose-distances", "--poses", str(tmp_path / "poses.csv")]
        sys.argv += ["--query", str(tmp_path / "query"), "--gallery", str(tmp_path / "test"), *more]
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    monkeypatch.setattr(sys, "argv", [])
    out = tmp_path / "poses.svg"
    code, printed, _ = run("--column", "R_LA_5", "--out", str(out), "--json")
    assert code == 0
    expected = pose_distances(query, gallery, asked, answered).to_dict()
    assert json.loads(printed) == {**expected, "column": "R_LA_5", "file": str(out)}
    assert "Distances by pose and person" in out.read_text()
    code, printed, error = run("--column", "R_LA_15")
    assert (code, printed) == (2, "")
    assert "no pose clustering 'R_LA_15'; there are: R_LA_5" in error
