"""Rankings, R-1 and mAP against scikit-learn, and the file that is handed in."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from reid_attr import retrieval
from reid_attr.queries import Queries, every_query
from reid_attr.retrieval import rank_images, retrieval_figures, write_submission

generator = np.random.default_rng(0)
TRUTH = (generator.random((80, 3)) < 0.4).astype(np.int8)
SCORES = np.clip(0.5 * TRUTH + 0.5 * generator.random((80, 3)), 0, 1)
QUERIES = Queries(
    ("all", "none", "half", "impossible"),
    np.array([[1, 1, 1], [0, 0, 0], [1, -1, 0], [1, 0, 1]], dtype=np.int8),
)


def distances(query: np.ndarray) -> np.ndarray:
    """Mean absolute difference, attribute by attribute."""
    parts = [abs(SCORES[:, k] - query[k]) for k in range(3) if query[k] >= 0]
    return np.mean(parts, axis=0)


def test_figures_equal_a_loop_and_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = TRUTH.copy()
    truth[(truth == [1, 0, 1]).all(axis=1)] = [1, 1, 1]  # nobody fits the last query
    truth[5] = -1  # and of one image nothing is known
    expected, first = [], []
    for query in QUERIES.values[:3]:
        right = (truth == query)[:, query >= 0].all(axis=1)
        expected.append(average_precision_score(right, -distances(query)))
        first.append(right[distances(query).argmin()])
    for cells in (1, 1 << 24):  # blocks of one query, and one of all
        monkeypatch.setattr(retrieval, "_CELLS", cells)
        found = retrieval_figures(SCORES, QUERIES, truth)
        assert found.mAP == pytest.approx(np.mean(expected))
        assert found.ranks[1] == pytest.approx(np.mean(first))
        assert (found.queries, found.skipped, found.images) == (3, 1, 80)
        assert found.ranks[1] <= found.ranks[5] <= found.ranks[10]
        interval = found.intervals["mAP"]
        assert interval.low <= found.mAP <= interval.high


@pytest.mark.parametrize("distance", ["absolute", "euclidean", "likelihood"])
def test_perfect_probabilities_find_everybody(distance: str) -> None:
    found = retrieval_figures(TRUTH, every_query(TRUTH), TRUTH, distance=distance)  # type: ignore[arg-type]
    assert (found.mAP, found.ranks[1], found.skipped) == (1.0, 1.0, 0)


def test_the_best_come_first_and_equal_ones_in_order() -> None:
    scores = np.array([[0.2, 0.5, 0.5], [0.9, 0.5, 0.5], [0.9, 0.1, 0.5]])
    wanted = Queries(("a",), np.array([[1, -1, -1]], dtype=np.int8))
    found = rank_images(scores, wanted, top_k=5)
    assert found.indices.tolist() == [[1, 2, 0]]
    assert found.distances[0] == pytest.approx([0.1, 0.1, 0.8])
    assert rank_images(scores, wanted, top_k=1).indices.tolist() == [[1]]
    with pytest.raises(ValueError, match="top_k"):
        rank_images(scores, wanted, top_k=0)


def test_a_submission_holds_every_distance(tmp_path: Path) -> None:
    names = [f"{row}.jpg" for row in range(80)]
    write_submission(tmp_path / "s.csv", names, QUERIES, SCORES)
    with (tmp_path / "s.csv").open() as file:
        head, *rows = csv.reader(file)
    assert head == ["# query", *names]
    assert [row[0] for row in rows] == list(QUERIES.names)
    for row, query in zip(rows, QUERIES.values, strict=True):
        assert np.array(row[1:], float) == pytest.approx(distances(query), abs=1e-5)
    with pytest.raises(ValueError, match="2 images for 80 rows"):
        write_submission(tmp_path / "s.csv", names[:2], QUERIES, SCORES)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="of one shape"):
        retrieval_figures(SCORES, QUERIES, TRUTH[:5])
    nobody = Queries(("x",), np.array([[1, 1, 1]], dtype=np.int8))
    with pytest.raises(ValueError, match="fits any"):
        retrieval_figures(SCORES, nobody, np.zeros_like(TRUTH))
