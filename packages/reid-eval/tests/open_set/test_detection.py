"""Detection and identification rates, worked by hand and by loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reid_eval.embeddings import Embeddings
from reid_eval.open_set import Detection, evaluate_open_set, hold_out

Make = Callable[..., Embeddings]


@pytest.fixture
def detection() -> Detection:
    return Detection(
        match_scores=np.array([0.9, 0.8, 0.7, 0.3]),
        match_ranks=np.array([1, 2, 1, 1]),
        unknown_scores=np.array([0.85, 0.6, 0.5, 0.2, 0.1]),
    )


def test_rates_by_hand(detection: Detection) -> None:
    assert detection.fpir(0.5) == 0.6
    assert detection.fpir(0.50001) == 0.4
    assert detection.dir(0.5) == 0.5  # 0.9 and 0.7; 0.8 is second
    assert detection.dir(0.5, rank=2) == 0.75
    assert detection.dir(-1) == 0.75
    # One of five unknown people may be answered: the threshold lies just above 0.6.
    point = detection.at_fpir(0.2)
    assert 0.6 < point.threshold < 0.6 + 1e-12
    assert (point.fpir, point.dir) == (0.2, 0.5)
    assert detection.at_fpir(0.19).threshold > 0.85
    assert detection.at_fpir(0.19).dir == 0.25
    assert detection.at_fpir(0).fpir == 0
    everything = detection.at_fpir(1, rank=2)
    assert (everything.fpir, everything.dir, everything.to_dict()["threshold"]) == (1, 1, None)


def test_the_curve_holds_the_best_rate_at_every_fpir(detection: Detection) -> None:
    for rank in (1, 2):
        fpir, rates = detection.curve(rank=rank)
        assert fpir == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
        assert rates.tolist() == [detection.at_fpir(one, rank=rank).dir for one in fpir]


def test_unknown_people_are_those_without_an_image_in_the_gallery(make: Make) -> None:
    # By hand: 1 is found with cosine 1, 2 is mistaken for 1 (0.8 against 0.6), 9 is nobody (0.96).
    gallery = make([[1, 0], [0, 1]], [1, 2], [2, 2])
    query = make(
        [[1, 0], [0.8, 0.6], [0.96, 0.28], [1, 0], [0, 1]], [1, 2, 9, -1, 2], [1, 1, 1, 1, 2]
    )
    report = evaluate_open_set(query, gallery)
    assert report.detection.match_scores == pytest.approx([1, 0.6], abs=1e-6)
    assert report.detection.match_ranks.tolist() == [1, 2]
    assert report.detection.unknown_scores == pytest.approx([0.96], abs=1e-6)
    assert (report.left_out, report.held_out) == (2, 0)
    assert report.detection.at_fpir(0).dir == 0.5
    document = report.to_dict()
    assert (document["known_queries"], document["unknown_queries"]) == (2, 1)
    assert document["verification"]["genuine_pairs"] == 2


def test_held_out_people_become_unknown(make: Make) -> None:
    generator = np.random.default_rng(0)
    pids = np.repeat(np.arange(20), 3)
    features = np.eye(20)[pids] + generator.normal(0, 0.1, (60, 20))
    query, gallery = make(features[::3], pids[::3], [1] * 20), make(features, pids, [1, 2, 3] * 20)
    report = evaluate_open_set(query, gallery, held_out=0.25, seed=1)
    assert report.held_out == 5
    assert len(report.detection.unknown_scores) == 5
    assert len(report.detection.match_scores) == 15
    rest, count = hold_out(query, gallery, 0.25, seed=1)
    assert (len(rest), count) == (45, 5)
    same, other = (hold_out(query, gallery, 0.25, seed=seed)[0].pids for seed in (1, 2))
    assert same.tolist() == rest.pids.tolist()
    assert other.tolist() != rest.pids.tolist()
    assert hold_out(query, gallery, 0)[0] is gallery
    # Nearly perfect embeddings turn unknown people away and find the known ones.
    assert report.detection.at_fpir(0.0).dir > 0.8


def test_distractors_stay_when_people_are_held_out(make: Make) -> None:
    gallery = make(np.eye(4), [1, 2, 3, 0], [2] * 4)
    query = make(np.eye(4)[:3], [1, 2, 3], [1] * 3)
    for seed in range(8):
        assert 0 in hold_out(query, gallery, 0.5, seed=seed)[0].pids


def test_what_is_not_open_is_refused(make: Make) -> None:
    people = make(np.eye(3), [1, 2, 3])
    with pytest.raises(ValueError, match="nobody is unknown"):
        evaluate_open_set(people, people)
    for share in (1.0, -0.1):
        with pytest.raises(ValueError, match="lies in"):
            hold_out(people, people, share)
    with pytest.raises(ValueError, match="at least one"):
        hold_out(people, people, 0.1)
    with pytest.raises(ValueError, match="known and of unknown"):
        Detection(np.empty(0), np.empty(0, np.int64), np.ones(1))
    with pytest.raises(ValueError, match="2 scores of matches and 1 ranks"):
        Detection(np.ones(2), np.ones(1, np.int64), np.ones(1))
    good = Detection(np.ones(1), np.ones(1, np.int64), np.ones(1))
    with pytest.raises(ValueError, match="between 0 and 1"):
        good.at_fpir(1.5)
    with pytest.raises(ValueError, match="rank must be"):
        good.at_fpir(0.5, rank=0)
