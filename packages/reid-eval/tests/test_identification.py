"""Identification, byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reid_eval import identify
from reid_eval.embeddings import Embeddings
from reid_eval.open_set import calibrate

Make = Callable[..., Embeddings]


@pytest.fixture
def query(make: Make) -> Embeddings:
    # By hand: (3, 4) has cosine 0.6 with (1, 0), 0.8 with (0, 1), and 1.4 / sqrt(2) with (1, 1).
    return make(
        [[3, 4], [0, 2], [5, 0]],
        [2, 30, -1],
        [1, 1, None],
        names=["query/0002_c1s1_000451_03.jpg", "query/0030_c1.jpg", "query/who,is it.jpg"],
    )


@pytest.fixture
def gallery(make: Make) -> Embeddings:
    return make(
        [[1, 0], [0, 1], [1, 1], [3, 4]],
        [30, 2, 1501, -1],
        [2, 2, 1, 3],
        names=["test/0030_c2.jpg", "test/0002_c2s1_7.jpg", "test/1501_c1.jpg", "test/-1_c3.jpg"],
    )


def test_result_csv_byte_by_byte(query: Embeddings, gallery: Embeddings, tmp_path: Path) -> None:
    answer = identify(query, gallery)
    path = answer.to_csv(tmp_path / "result.csv")
    assert path.read_bytes() == (
        b"query filename,predicted class,predicted path,distance\n"
        b"0002_c1s1_000451_03.jpg,1501,1501_c1.jpg,0.010051\n"
        b"0030_c1.jpg,2,0002_c2s1_7.jpg,0.000000\n"
        b'"who,is it.jpg",30,0030_c2.jpg,0.000000\n'
    )


def test_accuracy_counts_only_queries_whose_identity_is_known(
    query: Embeddings, gallery: Embeddings
) -> None:
    answer = identify(query, gallery)
    assert answer.predicted.tolist() == [1501, 2, 30]
    assert (answer.known, answer.correct, answer.accuracy) == (2, 0, 0.0)
    right = identify(query, gallery.take([1, 1, 0, 3]))
    assert right.predicted.tolist() == [2, 2, 30]
    assert (right.known, right.correct, right.accuracy) == (2, 1, 0.5)


def test_no_known_query_means_no_accuracy(query: Embeddings, gallery: Embeddings) -> None:
    assert identify(query.take([2]), gallery).accuracy is None


def test_gallery_images_of_nobody_are_never_the_answer_and_are_counted(
    query: Embeddings, gallery: Embeddings
) -> None:
    answer = identify(query, gallery)
    assert answer.nameless == 1
    assert 3 not in answer.nearest  # although (3, 4) is the very same vector
    with pytest.raises(ValueError, match="none of the 1 gallery images bears an identity"):
        identify(query, gallery.take([3]))


def test_a_query_that_the_camera_filter_leaves_without_answer_counts_as_wrong(
    query: Embeddings, gallery: Embeddings, tmp_path: Path
) -> None:
    answer = identify(query, gallery.take([2]), camera_filter="other-cameras")
    assert answer.nearest.tolist() == [-1, -1, 0]
    assert (answer.unanswered, answer.known, answer.correct) == (2, 2, 0)
    assert answer.predicted.tolist() == [-1, -1, 1501]
    assert len(answer.to_csv(tmp_path / "r.csv").read_text().splitlines()) == 2
    assert np.isposinf(answer.distances[:2]).all()


def test_who_is_too_far_from_everybody_is_unknown(
    query: Embeddings, gallery: Embeddings, tmp_path: Path
) -> None:
    # The nearest answers have the cosines 0.99, 1 and 1; by hand, as above.
    answer = identify(query, gallery, threshold=0.995)
    assert answer.unknown.tolist() == [True, False, False]
    assert answer.predicted.tolist() == [-1, 2, 30]
    assert answer.to_csv(tmp_path / "result.csv").read_text().splitlines()[1:] == [
        "0002_c1s1_000451_03.jpg,unknown,1501_c1.jpg,0.010051",
        "0030_c1.jpg,2,0002_c2s1_7.jpg,0.000000",
        '"who,is it.jpg",30,0030_c2.jpg,0.000000',
    ]
    assert not identify(query, gallery).unknown.any()


def test_accuracy_tells_known_people_from_unknown_ones(make: Make) -> None:
    gallery = make(np.eye(2), [1, 2])
    # Right, too far, wrong; then two who are not there: turned away, and taken for somebody.
    query = make([[1, 0], [0.7, 0.7], [1, 0], [-1, 0.3], [0, 1]], [1, 1, 2, 8, 9])
    answer = identify(query, gallery, threshold=0.8)
    assert answer.present.tolist() == [True, True, True, False, False]
    assert answer.accuracy_present == pytest.approx(1 / 3)
    assert answer.accuracy_absent == 0.5
    assert (answer.correct, answer.known, answer.accuracy) == (2, 5, 0.4)
    everybody = identify(query, gallery)
    assert (everybody.accuracy_absent, everybody.correct) == (0, 2)
    assert identify(gallery, gallery).accuracy_absent is None


def test_a_calibration_brings_its_threshold_and_probabilities(make: Make, tmp_path: Path) -> None:
    people = make(np.eye(6), range(6), [1] * 6), make(np.eye(6), range(6), [2] * 6)
    calibration = calibrate(*people, fpir=0)
    query = make([[1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]], [0, 77])
    answer = identify(query, people[1], calibration=calibration)
    # Unknown validation people scored 0 at most, so anything above is an answer.
    assert answer.threshold == calibration.threshold
    assert answer.unknown.tolist() == [False, False]
    assert identify(query, people[1], calibration=calibration, threshold=0.9).unknown[1]
    probabilities = answer.probabilities
    assert probabilities is not None
    assert probabilities[0] > probabilities[1]
    rows = answer.to_csv(tmp_path / "result.csv").read_text().splitlines()
    assert rows[0] == "query filename,predicted class,predicted path,distance,probability"
    assert rows[1].endswith(",0.000000,1.000000")


def test_thresholds_that_mean_nothing_here_are_refused(
    make: Make, query: Embeddings, gallery: Embeddings
) -> None:
    with pytest.raises(ValueError, match="cosine similarity"):
        identify(query, gallery, threshold=30)
    other = make(np.eye(3), [1, 2, 3], fingerprint="another")
    with pytest.raises(ValueError, match="another model"):
        identify(query, gallery, calibration=calibrate(other, other, camera_filter="none"))
