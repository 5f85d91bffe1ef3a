"""The figures against torchmetrics, scikit-learn and loops."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torchmetrics.functional.classification import (
    binary_average_precision,
    binary_calibration_error,
    multilabel_f1_score,
    multilabel_precision,
    multilabel_recall,
)

from reid_attr.metrics import (
    attribute_report,
    average_precisions,
    calibration_errors,
    choose_thresholds,
)

N, K = 60, 5
NAMES = tuple("abcde")
generator = np.random.default_rng(0)
TRUTH = (generator.random((N, K)) < [0.5, 0.3, 0.1, 0.7, 0.4]).astype(np.int8)
# Two digits give equal probabilities, which must be one step.
SCORES = np.round(np.clip(0.4 * TRUTH + 0.6 * generator.random((N, K)), 0, 1), 2)
HOLDS = SCORES > 0.5
PIDS = np.arange(N) // 3


def test_figures_equal_the_libraries() -> None:
    found = attribute_report(TRUTH, SCORES, HOLDS, names=NAMES).overall
    holds, truth = torch.from_numpy(HOLDS.astype(np.int64)), torch.from_numpy(TRUTH).long()
    for name, metric in (("P", multilabel_precision), ("R", multilabel_recall)):
        for letter, average in (("O", "micro"), ("C", "macro")):
            expected = metric(holds, truth, num_labels=K, average=average).item()
            assert found[letter + name] == pytest.approx(expected)
    expected = multilabel_f1_score(holds, truth, num_labels=K, average="micro").item()
    assert found["OF1"] == pytest.approx(expected)
    assert found["label_F1"] == pytest.approx(sk.f1_score(TRUTH, HOLDS, average="macro"))
    assert found["jaccard"] == pytest.approx(sk.jaccard_score(TRUTH, HOLDS, average="macro"))
    assert found["mAP"] == pytest.approx(sk.average_precision_score(TRUTH, SCORES, average="macro"))
    balanced = [sk.balanced_accuracy_score(TRUTH[:, k], HOLDS[:, k]) for k in range(K)]
    assert found["mA"] == pytest.approx(np.mean(balanced))
    options = {"average": "samples", "zero_division": 0}
    precision = sk.precision_score(TRUTH, HOLDS, **options)
    recall = sk.recall_score(TRUTH, HOLDS, **options)
    assert found["accuracy"] == pytest.approx(sk.jaccard_score(TRUTH, HOLDS, **options))
    assert (found["precision"], found["recall"]) == (
        pytest.approx(precision),
        pytest.approx(recall),
    )
    assert found["F1"] == pytest.approx(2 * precision * recall / (precision + recall))


def test_curves_equal_torchmetrics_where_labels_are_known() -> None:
    truth = TRUTH.copy()
    truth[::7] = -1
    precisions, errors = average_precisions(truth, SCORES), calibration_errors(truth, SCORES)
    for k in range(K):
        known = truth[:, k] >= 0
        scores = torch.from_numpy(SCORES[known, k])
        labels = torch.from_numpy(truth[known, k]).long()
        assert precisions[k] == pytest.approx(binary_average_precision(scores, labels).item())
        assert errors[k] == pytest.approx(
            binary_calibration_error(scores, labels, n_bins=15).item(), abs=1e-6
        )


@pytest.mark.parametrize("criterion", ["mA", "F1"])
def test_chosen_thresholds_are_the_best_of_all(criterion: str) -> None:
    found = choose_thresholds(TRUTH, SCORES, criterion=criterion)  # type: ignore[arg-type]
    measure = sk.balanced_accuracy_score if criterion == "mA" else sk.f1_score
    for k in range(K):
        best = max(measure(TRUTH[:, k], SCORES[:, k] > t) for t in np.linspace(0, 0.995, 200))
        assert measure(TRUTH[:, k], SCORES[:, k] > found[k]) == pytest.approx(best)


def test_attributes_without_positives_are_named_and_not_averaged_in() -> None:
    truth = TRUTH.copy()
    truth[:, 2] = 0
    truth[:, 4] = -1
    report = attribute_report(truth, SCORES, HOLDS, names=NAMES)
    assert report.left_out == ("c", "e")
    rest = attribute_report(
        TRUTH[:, [0, 1, 3]], SCORES[:, [0, 1, 3]], HOLDS[:, [0, 1, 3]], names="abd"
    )
    for name in ("mA", "mAP", "ECE", "label_F1", "CP", "OR"):
        assert report.overall[name] == pytest.approx(rest.overall[name])
    row = report.to_dict()["attributes"][2]
    assert (row["positives"], row["recall_positive"], row["AP"]) == (0, None, None)
    assert choose_thresholds(truth, SCORES)[2] == 0.5
    with pytest.raises(ValueError, match="no attribute has both"):
        attribute_report(np.zeros_like(TRUTH), SCORES, HOLDS, names=NAMES)


def test_intervals_hold_the_figures_and_narrow_with_more_people() -> None:
    report = attribute_report(TRUTH, SCORES, HOLDS, names=NAMES, pids=PIDS)
    for name, interval in report.intervals.items():
        assert interval.value == pytest.approx(report.overall[name])
        assert interval.low < interval.value < interval.high
    more = attribute_report(
        np.tile(TRUTH, (9, 1)), np.tile(SCORES, (9, 1)), np.tile(HOLDS, (9, 1)), names=NAMES,
        pids=np.arange(9 * N) // 3,
    )  # fmt: skip
    before, after = report.intervals["mA"], more.intervals["mA"]
    assert (after.high - after.low) / (before.high - before.low) == pytest.approx(1 / 3, rel=0.3)
    # Copies of the same people are no new evidence.
    copies = attribute_report(
        np.tile(TRUTH, (9, 1)), np.tile(SCORES, (9, 1)), np.tile(HOLDS, (9, 1)), names=NAMES,
        pids=np.tile(PIDS, 9),
    )  # fmt: skip
    assert copies.intervals["mA"].low == pytest.approx(before.low)


def test_a_report_is_written(tmp_path: Path) -> None:
    report = attribute_report(TRUTH, SCORES, HOLDS, names=NAMES, pids=PIDS, resamples=100)
    report.save(tmp_path / "new")
    assert json.loads((tmp_path / "new" / "report.json").read_text()) == report.to_dict()
    assert (tmp_path / "new" / "attributes.csv").read_text().startswith("attribute,positives")


@pytest.mark.parametrize(
    ("truth", "scores", "message"),
    [
        (TRUTH[:5], SCORES, "one shape"),
        (np.full_like(TRUTH, 2), SCORES, "from 2 to 2"),
        (TRUTH, SCORES + 1, "from 0 to 1"),
    ],
)
def test_bad_arrays_are_refused(truth: np.ndarray, scores: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attribute_report(truth, scores, HOLDS, names=NAMES)
