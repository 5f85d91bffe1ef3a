"""Centroids: no image of the query's camera in a positive one, nobody forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_eval.evaluation import evaluate_protocol
from reid_eval.protocols import Centroids, centroids, make_protocol

CENTROID = make_protocol("centroid")


def by_loops(query: Any, gallery: Any) -> list[tuple[int, int] | None]:
    """Rank of the own centroid and number of candidates for every query, as documented."""
    answers: list[tuple[int, int] | None] = []
    for row in range(len(query)):
        pid, camera = query.pids[row], query.camids[row]
        candidates: list[tuple[int, list[int]]] = []
        for other in sorted(set(gallery.pids.tolist())):
            images = [i for i in range(len(gallery)) if gallery.pids[i] == other]
            alone = [i for i in images if gallery.table["split"].iloc[i] == "distractor"]
            candidates += [(-1, [i]) for i in alone]
            images = [i for i in images if i not in alone]
            elsewhere = [i for i in images if camera < 0 or gallery.camids[i] != camera]
            if images and (elsewhere or other != pid):
                candidates.append((other, elsewhere or images))
        if pid not in [other for other, _ in candidates]:
            answers.append(None)
            continue
        scores = []
        for other, images in candidates:
            mean = np.mean(gallery.features[images].astype(np.float64), axis=0)
            mean = mean.astype(np.float32).astype(np.float64)
            asked = query.features[row].astype(np.float64)
            cosine = asked @ mean / (np.linalg.norm(asked) * np.linalg.norm(mean))
            scores.append((cosine, other))
        own = next(score for score, other in scores if other == pid)
        answers.append((1 + sum(score > own for score, _ in scores), len(candidates)))
    return answers


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_query_is_its_loop(tools: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def side(rows: int, split: str) -> Any:
        cameras = [None if camera == 0 else int(camera) for camera in rng.integers(0, 4, rows)]
        pids = rng.integers(0, 5, rows)
        return tools.build(rng.normal(size=(rows, 4)), split=split, pid=pids, camid=cameras)

    query, gallery = side(8, "query"), side(20, "gallery")
    gallery.table.loc[gallery.table.index[:3], "split"] = "distractor"
    gallery.table.loc[gallery.table.index[:3], "pid"] = 0
    query.table.loc[query.table["pid"] == 0, "pid"] = 1
    gallery.table.loc[gallery.table.index[3:][gallery.pids[3:] == 0], "pid"] = 2
    expected = by_loops(query, gallery)
    if not any(expected):
        with pytest.raises(ValueError, match="no query has a match"):
            evaluate_protocol(query, gallery, CENTROID)
        return
    report = evaluate_protocol(query, gallery, CENTROID).report
    for row, answer in enumerate(expected):
        if answer is None:
            assert report.skip_reason[row], row
            continue
        assert report.first_hit_rank[row] == answer[0], row
        assert report.average_precision[row] == pytest.approx(1 / answer[0])
        assert report.matches[row] == 1


def test_the_query_cameras_own_images_never_make_the_positive_centroid(tools: Any) -> None:
    """The published code's leak, planted: only the query's own camera would find the person.

    Camera 1 saw person 1 exactly as the query; camera 2 saw somebody quite different. With the
    leak (camera ids read at the wrong offset) the mean points to the query and rank 1 is certain.
    """
    query = tools.build([[1.0, 0.0, 0.0]], split="query", pid=[1], camid=[1])
    gallery = tools.build(
        [[9.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.0]],
        pid=[1, 1, 1, 2, 2],
        camid=[1, 1, 2, 1, 2],
    )
    result = evaluate_protocol(query, gallery, CENTROID)
    assert result.report.first_hit_rank.tolist() == [2]
    assert result.first.gallery.features.tolist() == [[0.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    leaking = centroids(gallery)
    assert (leaking.features[0] / np.linalg.norm(leaking.features[0]))[0] > 0.99


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_images_of_the_query_camera_do_not_move_the_positive_centroid(
    tools: Any, seed: int
) -> None:
    query, gallery = tools.draw(seed, rows=6, split="query"), tools.draw(seed + 1, rows=30)
    shouting = gallery.features.copy()
    shouting[gallery.camids == 2] = 1e6
    other = tools.build(shouting, pid=gallery.pids, camid=list(gallery.table["camid"]))
    for before, after in zip(
        CENTROID.comparisons(query, gallery), CENTROID.comparisons(query, other), strict=True
    ):
        if before.query.camids[0] != 2:
            continue
        elsewhere = before.gallery.table["camid"].isna().to_numpy()
        np.testing.assert_array_equal(
            before.gallery.features[elsewhere], after.gallery.features[elsewhere]
        )


def test_identities_without_queries_and_distractors_are_candidates(tools: Any) -> None:
    query = tools.build([[1.0, 0.0]], split="query", pid=[1], camid=[1])
    gallery = tools.build(
        [[1.0, 1.0], [1.0, 0.1], [1.0, 0.2], [1.0, 0.3], [0.0, 1.0]],
        pid=[1, 7, 0, 0, 0],
        camid=[2, 1, 2, 2, 1],
    )
    gallery.table["split"] = ["gallery", "gallery", "distractor", "distractor", "distractor"]
    report = evaluate_protocol(query, gallery, CENTROID).report
    # Person 7 has no query, and two of the distractors look more like it; none is averaged away.
    assert report.first_hit_rank.tolist() == [4]
    assert report.protocol["gallery_size"] == 5


def test_a_person_of_one_camera_stays_in_the_way_of_others_but_is_no_match(tools: Any) -> None:
    query = tools.build([[1.0, 0.0], [0.0, 1.0]], split="query", pid=[1, 2], camid=[1, 1])
    gallery = tools.build([[0.5, 0.5], [1.0, 0.1]], pid=[1, 2], camid=[2, 1])
    report = evaluate_protocol(query, gallery, CENTROID).report
    assert report.first_hit_rank.tolist() == [2, 0]
    assert report.skip_reason.tolist() == ["", "camera filter"]


def test_queries_keep_their_order_over_cameras(tools: Any) -> None:
    query = tools.build(np.eye(4), split="query", pid=[1, 2, 3, 4], camid=[2, 1, 2, 1])
    gallery = tools.build(np.eye(4), pid=[1, 2, 3, 4], camid=[3, 3, 3, 3])
    trial = evaluate_protocol(query, gallery, Centroids()).trials[0]
    assert trial.queries["pid"].tolist() == [1, 2, 3, 4]
    assert trial.report.mAP == 1.0


def test_centroids_are_means_by_person(tools: Any) -> None:
    images = tools.build(
        [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [9.0, 9.0]], pid=[5, 3, 5, -1], camid=[1, 2, 3, 1]
    )
    found = centroids(images)
    assert found.table["path"].tolist() == ["3", "5"]
    assert found.table["images"].tolist() == [1, 2]
    assert found.features.tolist() == [[3.0, 4.0], [3.0, 4.0]]
    assert found.table["camid"].isna().all()
    assert found.meta == images.meta
    with pytest.raises(ValueError, match="none of the 1 embeddings has an identity"):
        centroids(images.take([3]))


def test_centroids_of_many_images_are_summed_in_steps(
    tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tools.draw(8, rows=50, people=7)
    whole = centroids(images)
    monkeypatch.setattr("reid_eval.protocols.centroid._ROWS", 7)
    np.testing.assert_array_equal(centroids(images).features, whole.features)
    expected = pd.DataFrame(images.features).groupby(images.pids).mean().to_numpy()
    np.testing.assert_allclose(whole.features, expected, atol=1e-6)
