"""Counted pairs against all pairs in plain sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from reid_eval.embeddings import Embeddings
from reid_eval.open_set import ScoreCounts, Verification, score_pairs

Make = Callable[..., Embeddings]


@pytest.fixture
def sides(make: Make) -> tuple[Embeddings, Embeddings]:
    generator = np.random.default_rng(0)

    def side(rows: int) -> Embeddings:
        pids = generator.integers(-1, 9, rows)
        features = np.eye(10)[pids + 1] + generator.normal(0, 0.6, (rows, 10))
        return make(features, pids, generator.integers(3, size=rows))

    return side(40), side(150)


def all_pairs(
    query: Embeddings, gallery: Embeddings, metric: str, camera_filter: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (Q, G), which pairs are genuine, and which count."""
    a, b = query.features.astype(float), gallery.features.astype(float)
    if metric == "cosine":
        scores = (a / np.linalg.norm(a, axis=1)[:, None]) @ (
            b / np.linalg.norm(b, axis=1)[:, None]
        ).T
    else:
        scores = -np.linalg.norm(a[:, None] - b[None], axis=2)
    same = query.pids[:, None] == gallery.pids
    counts = (query.pids[:, None] >= 0) & (gallery.pids >= 0)
    if camera_filter == "cross-camera":
        counts &= ~(same & (query.camids[:, None] == gallery.camids))
    return scores, same, counts


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("camera_filter", ["cross-camera", "none"])
@pytest.mark.parametrize("small", [False, True])
def test_all_pairs_are_counted_once_at_their_score(
    sides: tuple[Embeddings, Embeddings],
    metric: Any,
    camera_filter: Any,
    small: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if small:
        monkeypatch.setattr("reid_eval.open_set.pair_scores._QUERIES", 7)
        monkeypatch.setattr("reid_eval.open_set.pair_scores._CELLS", 100)
    found = score_pairs(*sides, metric=metric, camera_filter=camera_filter)
    scores, same, counts = all_pairs(*sides, metric, camera_filter)
    errors = Verification.of(found.counts)
    genuine, impostor = scores[counts & same], scores[counts & ~same]
    assert (errors.genuine_pairs, errors.impostor_pairs) == (len(genuine), len(impostor))
    for index in range(0, len(errors.thresholds), 4111):
        threshold = errors.thresholds[index]
        assert errors.fmr[index] == pytest.approx((impostor >= threshold).mean(), abs=1e-9)
        assert errors.fnmr[index] == pytest.approx((genuine < threshold).mean(), abs=1e-9)
    hidden = np.where(counts, scores, -np.inf)
    assert np.allclose(found.best_match, np.where(same, hidden, -np.inf).max(1), atol=1e-5)
    assert np.allclose(found.best_other, np.where(same, -np.inf, hidden).max(1), atol=1e-5)
    assert np.allclose(found.best, hidden.max(1), atol=1e-5)
    assert (found.best[sides[0].pids == -1] == -np.inf).all()


def test_errors_agree_with_scikit_learn(sides: tuple[Embeddings, Embeddings]) -> None:
    errors = Verification.of(score_pairs(*sides).counts)
    scores, same, counts = all_pairs(*sides, "cosine", "cross-camera")
    truth, values = same[counts], scores[counts]
    assert errors.auc == pytest.approx(roc_auc_score(truth, values), abs=1e-4)
    fpr, tpr, _ = roc_curve(truth, values, drop_intermediate=False)
    assert errors.eer == pytest.approx(
        (fpr + 1 - tpr)[np.argmin(np.abs(fpr - (1 - tpr)))] / 2, abs=2e-3
    )
    for wanted in (0.001, 0.01, 0.1, 0.5):
        point = errors.at_fmr(wanted)
        assert point.fmr <= wanted
        best = tpr[fpr <= wanted].max()
        assert 1 - point.fnmr == pytest.approx(best, abs=2 / errors.genuine_pairs)
    rates, found = errors.curve(points=50)
    assert (rates[0], rates[-1], found[-1]) == (0, 1, 1)
    assert len(rates) <= 51
    assert (np.diff(rates) > 0).all()
    assert (np.diff(found) >= 0).all()
    for rate, share in zip(rates, found, strict=True):
        assert share == pytest.approx(tpr[fpr <= rate + 1e-12].max(), abs=2 / errors.genuine_pairs)


def test_errors_by_hand() -> None:
    counts = ScoreCounts(
        thresholds=np.array([0.0, 0.25, 0.5, 0.75]),
        genuine=np.array([0, 1, 1, 2]),
        impostor=np.array([5, 3, 2, 0]),
    )
    errors = Verification.of(counts)
    assert errors.thresholds.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert errors.fmr.tolist() == [1, 0.5, 0.2, 0, 0]
    assert errors.fnmr.tolist() == [0, 0, 0.25, 0.5, 1]
    assert errors.eer == pytest.approx(0.225)
    assert errors.equal_error.threshold == 0.5
    assert errors.at_fmr(0.2).to_dict() == {"threshold": 0.5, "fmr": 0.2, "fnmr": 0.25}
    assert errors.at_fmr(0.19).threshold == 0.75
    # Pairs that share a bin count half: 2 of 4 genuine above all, 1 ties with 2 of 10, 1 with 3.
    assert errors.auc == pytest.approx((2 * 10 + (8 + 1) + (5 + 1.5)) / 40)


def test_perfect_embeddings_make_no_errors(make: Make) -> None:
    people = make(np.repeat(np.eye(3), 2, axis=0), [1, 1, 2, 2, 3, 3], [1, 2] * 3)
    errors = Verification.of(score_pairs(people, people).counts)
    assert (errors.eer, errors.auc, errors.at_fmr(0).fnmr) == (0, 1, 0)


def test_what_cannot_be_scored_is_refused(make: Make) -> None:
    one = make(np.eye(2), [1, 2])
    with pytest.raises(ValueError, match="not finite"):
        score_pairs(make([[1, np.nan]], [1]), one)
    with pytest.raises(ValueError, match="2 dimensions"):
        score_pairs(one, make(np.eye(3), [1, 2, 3]))
    with pytest.raises(ValueError, match="metric must be"):
        score_pairs(one, one, metric="angle")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="genuine and impostor"):
        Verification.of(score_pairs(one, make(np.eye(2), [3, 4])).counts)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Verification.of(score_pairs(one, one).counts).at_fmr(2)
