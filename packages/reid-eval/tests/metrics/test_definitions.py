"""Cases worked by hand: what each definition means, independent of the engine's own logic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reid_eval.metrics import retrieval_metrics, retrieval_metrics_from_distances

HITS_AT_1_3_6 = np.array([[1.0, 2, 3, 4, 5, 6]])
PIDS = [4], [4, 9, 4, 9, 9, 4]


def test_average_precision_and_inp_by_hand() -> None:
    report = retrieval_metrics_from_distances(HITS_AT_1_3_6, *PIDS)
    assert report.mAP == pytest.approx((1 / 1 + 2 / 3 + 3 / 6) / 3, abs=1e-15)
    assert report.mINP == pytest.approx(3 / 6, abs=1e-15)
    assert report.first_hit_rank.tolist() == [1]


def test_trapezoid_by_hand_as_market_1501_has_it() -> None:
    # Market's compute_AP: recall grows by 1/3 at ranks 1, 3 and 6; at each, the mean of the
    # precision there and one place before. (1 + 1)/2, (1/2 + 2/3)/2, (2/5 + 3/6)/2.
    report = retrieval_metrics_from_distances(HITS_AT_1_3_6, *PIDS, average_precision="trapezoid")
    assert report.mAP == pytest.approx((1 + 7 / 12 + 9 / 20) / 3, abs=1e-15)


def test_trapezoid_as_the_published_loop_computes_it() -> None:
    generator = np.random.default_rng(0)
    distances, pids = generator.random((1, 60)), generator.integers(0, 4, 60)
    report = retrieval_metrics_from_distances(distances, [2], pids, average_precision="trapezoid")
    good = set(np.flatnonzero(pids == 2).tolist())
    area, old_recall, old_precision, found = 0.0, 0.0, 1.0, 0
    for place, item in enumerate(np.argsort(distances[0]).tolist()):
        found += item in good
        recall, precision = found / len(good), found / (place + 1)
        area += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
        if found == len(good):
            break
    assert report.mAP == pytest.approx(area, abs=1e-12)


def test_cmc_counts_the_first_hit() -> None:
    distances = np.array([[1.0, 2, 3], [2, 1, 3], [3, 2, 1]])
    report = retrieval_metrics_from_distances(distances, [1, 1, 1], [1, 2, 3])
    assert report.cmc(4).tolist() == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert report.rank(1) == pytest.approx(1 / 3)
    assert report.rank(100) == 1.0


def test_one_camera_is_no_match_and_no_mistake() -> None:
    distances = np.array([[1.0, 2.0, 3.0]])
    labels: dict[str, Any] = {"query_camids": [1], "gallery_camids": [1, 2, 2]}
    crossing = retrieval_metrics_from_distances(distances, [5], [5, 6, 5], **labels)
    assert crossing.matches.tolist() == [1]
    assert crossing.first_hit_rank.tolist() == [2]
    anywhere = retrieval_metrics_from_distances(
        distances, [5], [5, 6, 5], **labels, camera_filter="none"
    )
    assert anywhere.matches.tolist() == [2]
    assert anywhere.first_hit_rank.tolist() == [1]


def test_unknown_cameras_equal_none() -> None:
    report = retrieval_metrics_from_distances(
        np.array([[1.0, 2.0]]), [5], [5, 6], query_camids=[-1], gallery_camids=[-1, -1]
    )
    assert report.matches.tolist() == [1]


def test_junk_is_left_out_and_distractors_count() -> None:
    distances = np.array([[1.0, 2.0, 3.0]])
    assert retrieval_metrics_from_distances(distances, [5], [-1, 0, 5]).first_hit_rank == [2]
    kept = retrieval_metrics_from_distances(distances, [5], [-1, 0, 5], junk_pids=())
    assert kept.first_hit_rank == [3]


@pytest.mark.parametrize(
    ("ties", "rank"), [("gallery-order", 2), ("optimistic", 1), ("pessimistic", 3)]
)
def test_equal_scores(ties: Any, rank: int) -> None:
    gallery = np.ones((4, 8), dtype=np.float32)
    report = retrieval_metrics(gallery[:1], gallery, [1], [0, 1, 0, 1], ties=ties)
    assert report.first_hit_rank.tolist() == [rank]
    # The second match is last but one, or last, or behind all non-matches.
    assert report.mINP == pytest.approx(2 / {1: 2, 2: 4, 3: 4}[rank])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_duplicates_of_the_query_are_ties_at_the_top(metric: Any) -> None:
    generator = np.random.default_rng(3)
    query = generator.normal(size=(1, 200)).astype(np.float32)
    gallery = np.concatenate([generator.normal(size=(50, 200)), query, query]).astype(np.float32)
    pids = [0] * 51 + [7]
    first = {
        ties: retrieval_metrics(query, gallery, [7], pids, metric=metric, ties=ties).first_hit_rank
        for ties in ("gallery-order", "optimistic", "pessimistic")
    }
    assert first == {"gallery-order": [2], "optimistic": [1], "pessimistic": [2]}


def test_zero_vectors_have_cosine_zero() -> None:
    query = np.array([[1.0, 0.0], [0.0, 0.0]])
    gallery = np.array([[0.0, 0.0], [-1.0, 0.0], [1.0, 1.0]])
    report = retrieval_metrics(query, gallery, [1, 1], [1, 0, 0])
    # Below (1, 1) and above (-1, 0); the zero query ties with all and the gallery's order rules.
    assert report.first_hit_rank.tolist() == [2, 1]


def test_cosine_ignores_scale_and_euclidean_does_not() -> None:
    query, gallery = np.array([[1.0, 0.0]]), np.array([[30.0, 1.0], [1.0, 0.5]])
    assert retrieval_metrics(query, gallery, [1], [1, 0]).rank(1) == 1.0
    assert retrieval_metrics(query, gallery, [1], [1, 0], metric="euclidean").rank(1) == 0.0


def test_skipped_queries_say_why_and_do_not_count() -> None:
    report = retrieval_metrics_from_distances(
        np.ones((4, 3)),
        [1, 2, 3, -1],
        [1, 2, -1],
        query_camids=[0, 1, 0, 0],
        gallery_camids=[1, 1, 0],
    )
    assert report.skip_reason.tolist() == [
        "",
        "camera filter",
        "no identity in gallery",
        "junk query",
    ]
    assert report.valid == 1
    assert report.skipped == {"camera filter": 1, "no identity in gallery": 1, "junk query": 1}
    assert report.mAP == 1.0
    assert np.isnan(report.average_precision[1:]).all()
    assert report.first_hit_rank.tolist() == [1, 0, 0, 0]
