"""Pairs of one identity that a protocol leaves out, by whichever backend counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reid_eval.metrics import (
    NoMatchError,
    matching,
    retrieval_metrics,
    retrieval_metrics_from_distances,
)


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_a_camera_filter_told_as_a_function_is_the_camera_filter(
    reference: Any, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = reference.case(3, queries=25, gallery=90, dim=4)
    expected = retrieval_metrics(*case.features, *case.labels, **case.cameras, backend=backend)

    def same_camera(query: Any, gallery: Any) -> Any:
        known = case.query_camids[query] >= 0
        return known & (case.query_camids[query] == case.gallery_camids[gallery])

    monkeypatch.setattr(matching, "_MOST_PAIRS", 40)
    for left_out, kind in ((same_camera, "none"), (same_camera, "cross-camera")):
        options: dict[str, Any] = {"camera_filter": kind, "left_out": left_out, "backend": backend}
        report = retrieval_metrics(*case.features, *case.labels, **case.cameras, **options)
        np.testing.assert_array_equal(report.average_precision, expected.average_precision)
        np.testing.assert_array_equal(report.matches, expected.matches)
        distances = -reference.scores(*case.features, "cosine")
        given = retrieval_metrics_from_distances(distances, *case.labels, **case.cameras, **options)
        np.testing.assert_array_equal(given.matches, expected.matches)


def test_the_function_sees_pairs_of_one_identity_only(reference: Any) -> None:
    case = reference.case(4, queries=10, gallery=40, dim=3)
    seen: list[tuple[int, int]] = []

    def watch(query: Any, gallery: Any) -> Any:
        seen.extend(zip(query.tolist(), gallery.tolist(), strict=True))
        return np.zeros(len(query), bool)

    retrieval_metrics(*case.features, *case.labels, left_out=watch)
    wanted = {
        (i, j)
        for i, pid in enumerate(case.query_pids)
        for j, other in enumerate(case.gallery_pids)
        if pid == other != -1
    }
    assert set(seen) == wanted


def test_leaving_out_everything_says_so(reference: Any) -> None:
    case = reference.case(5, queries=6, gallery=30, dim=3)
    with pytest.raises(NoMatchError, match="the protocol's filter emptied") as caught:
        retrieval_metrics(
            *case.features, *case.labels, left_out=lambda query, _: np.ones(len(query), bool)
        )
    assert set(caught.value.skip_reason) <= {"protocol's filter", "junk query"}
