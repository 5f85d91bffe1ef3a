"""Identification, byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reid_eval import identify
from reid_eval.embeddings import Embeddings

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
