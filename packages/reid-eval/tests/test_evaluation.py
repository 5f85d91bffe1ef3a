"""Evaluation takes its ids from the embeddings and hands every option on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from reid_eval import evaluate, retrieval_metrics
from reid_eval.embeddings import Embeddings
from reid_eval.evaluation import evaluate_protocol
from reid_eval.protocols import make_protocol

Make = Callable[..., Embeddings]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("camera_filter", ["cross-camera", "none"])
@pytest.mark.parametrize("average_precision", ["mean", "trapezoid"])
def test_evaluate_is_the_metrics_on_the_same_rows(
    make: Make, metric: str, camera_filter: str, average_precision: str
) -> None:
    rng = np.random.default_rng(0)

    def side(rows: int) -> Embeddings:
        cameras = [None if camera == 0 else int(camera) for camera in rng.integers(0, 4, rows)]
        return make(rng.normal(size=(rows, 6)), rng.integers(-2, 6, rows).tolist(), cameras)

    query, gallery = side(30), side(80)
    options = {
        "metric": metric,
        "camera_filter": camera_filter,
        "average_precision": average_precision,
        "junk_pids": (-1, -2),
    }
    report = evaluate(query, gallery, **options)  # type: ignore[arg-type]
    expected = retrieval_metrics(
        query.features,
        gallery.features,
        query.pids,
        gallery.pids,
        query_camids=query.camids,
        gallery_camids=gallery.camids,
        **options,  # type: ignore[arg-type]
    )
    np.testing.assert_array_equal(report.average_precision, expected.average_precision)
    assert report.mAP == expected.mAP
    assert report.skipped == expected.skipped
    assert report.protocol["junk_pids"] == [-2, -1]


def test_embeddings_of_different_models_are_never_compared(make: Make) -> None:
    people = make([[1.0]], [1])
    with pytest.raises(ValueError, match="differ in their model"):
        evaluate(people, make([[1.0]], [1], fingerprint="another"))


def test_an_image_that_is_there_twice_is_refused(make: Make) -> None:
    people = make(np.eye(3), [1, 1, 2], [1, 2, 1])
    again = people.take([0, 1, 1, 2])
    with pytest.raises(ValueError, match="1 of 4 gallery rows are there twice, first ") as caught:
        evaluate(people, again)
    assert str(again.table["path"][1]) in str(caught.value)
    with pytest.raises(ValueError, match="1 of 4 query rows are there twice"):
        evaluate_protocol(again, people, make_protocol("image"))
    # Several people in one frame of a video share its path.
    boxes = again.table.assign(box=[0, 0, 1, 0])
    assert evaluate(people, replace(again, table=boxes)).valid == 2
