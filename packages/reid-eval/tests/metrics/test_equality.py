"""The engine equals the naive loops, query by query, whatever the options and block sizes."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from reid_eval.metrics import retrieval_metrics, retrieval_metrics_from_distances

METRICS = ("cosine", "euclidean")
FILTERS = ("cross-camera", "none")
DEFINITIONS = ("mean", "trapezoid")
TIES = ("gallery-order", "optimistic", "pessimistic")
BACKENDS = ("numba", "torch")
PRECISIONS = ("fp32", "bf16")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(6))
def test_every_option_on_random_cases(reference: Any, seed: int, metric: Any, backend: Any) -> None:
    case = reference.case(seed, queries=13, gallery=40 + 9 * seed, dim=1 + 3 * seed)
    scores = reference.scores(*case.features, metric)
    for camera_filter, definition, ties, junk in product(FILTERS, DEFINITIONS, TIES, ((-1,), ())):
        options: dict[str, Any] = {
            "camera_filter": camera_filter,
            "average_precision": definition,
            "ties": ties,
            "junk_pids": junk,
        }
        report = retrieval_metrics(
            *case.features, *case.labels, **case.cameras, metric=metric, backend=backend, **options
        )
        reference.assert_equals(report, reference.metrics(scores, case, **options))


@st.composite
def _labelled_features(draw: st.DrawFn) -> tuple[npt.NDArray[Any], ...]:
    queries, gallery = draw(st.integers(1, 8)), draw(st.integers(1, 25))
    dim = draw(st.sampled_from([1, 2, 5, 64, 67]))

    def integers(shape: Any, low: int, high: int) -> npt.NDArray[Any]:
        return draw(arrays.arrays(np.int64, shape, elements=st.integers(low, high)))

    return (
        integers((queries, dim), -3, 3).astype(np.float32),
        integers((gallery, dim), -3, 3).astype(np.float32),
        integers(queries, -1, 3),
        integers(gallery, -1, 3),
        integers(queries, -1, 2),
        integers(gallery, -1, 2),
    )


@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(
    data=_labelled_features(),
    metric=st.sampled_from(METRICS),
    camera_filter=st.sampled_from(FILTERS),
    definition=st.sampled_from(DEFINITIONS),
    ties=st.sampled_from(TIES),
    junk=st.sampled_from([(-1,), (), (-1, 0)]),
    precision=st.sampled_from(PRECISIONS),
    blocks=st.tuples(st.integers(1, 9), st.integers(1, 26)),
)
def test_any_case(
    reference: Any,
    data: tuple[npt.NDArray[Any], ...],
    metric: Any,
    camera_filter: Any,
    definition: Any,
    ties: Any,
    junk: tuple[int, ...],
    precision: Any,
    blocks: tuple[int, int],
) -> None:
    case = reference.of(*data)
    options: dict[str, Any] = {
        "camera_filter": camera_filter,
        "average_precision": definition,
        "ties": ties,
        "junk_pids": junk,
    }
    expected = reference.metrics(reference.scores(*case.features, metric), case, **options)

    def evaluate(backend: Any) -> Any:
        return retrieval_metrics(
            *case.features,
            *case.labels,
            **case.cameras,
            metric=metric,
            query_block=blocks[0],
            gallery_block=blocks[1],
            backend=backend,
            precision=precision,
            **options,
        )

    if np.isnan(expected[:, 0]).all():
        with pytest.raises(ValueError, match="no query has a match"):
            evaluate("torch")
        return
    for backend in BACKENDS:
        reference.assert_equals(evaluate(backend), expected)


@pytest.mark.parametrize("metric", METRICS)
def test_blocks_threads_backends_and_precisions_change_no_bit(metric: Any) -> None:
    # 1,300 columns are more than one chunk of a kernel; real numbers, unlike integers, round.
    generator = np.random.default_rng(5)
    query = generator.normal(size=(70, 33)).astype(np.float32)
    gallery = generator.normal(size=(1300, 33)).astype(np.float32)
    gallery[::3] = gallery[0]
    query[:8] = gallery[:8]
    labels = generator.integers(0, 12, 70), generator.integers(0, 12, 1300)
    reports = []
    runs = (1, (None, None)), (2, (11, 297)), (1, (70, 1024))
    for backend, precision, (threads, blocks) in product(BACKENDS, PRECISIONS, runs):
        torch.set_num_threads(threads)
        reports.append(
            retrieval_metrics(
                query,
                gallery,
                *labels,
                metric=metric,
                backend=backend,
                precision=precision,
                query_block=blocks[0],
                gallery_block=blocks[1],
            ).to_dict()
        )
    assert all(report == reports[0] for report in reports)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("metric", METRICS)
def test_features_that_float32_cannot_tell_apart(
    reference: Any, metric: Any, backend: Any, precision: Any
) -> None:
    # A collapsed network: one large vector plus little; integers, so float64 scores are exact.
    generator = np.random.default_rng(1)
    base = generator.integers(2000, 3000, 96)
    query = (base + generator.integers(-1, 2, (9, 96))).astype(np.float32)
    gallery = (base + generator.integers(-1, 2, (150, 96))).astype(np.float32)
    case = reference.of(query, gallery, generator.integers(0, 4, 9), generator.integers(0, 4, 150))
    expected = reference.metrics(reference.scores(query, gallery, metric), case)
    single = 2 * query @ gallery.T - (gallery * gallery).sum(axis=1)
    assert not np.allclose(reference.metrics(single, case), expected)
    report = retrieval_metrics(
        query, gallery, *case.labels, metric=metric, backend=backend, precision=precision
    )
    reference.assert_equals(report, expected)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("identities", [1, 3])
def test_queries_with_very_many_matches(reference: Any, identities: int, backend: Any) -> None:
    case = reference.case(3, queries=6, gallery=700, dim=4, identities=identities)
    expected = reference.metrics(reference.scores(*case.features, "cosine"), case)
    report = retrieval_metrics(*case.features, *case.labels, **case.cameras, backend=backend)
    assert report.matches.max() > 150
    reference.assert_equals(report, expected)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("ties", TIES)
def test_given_distances(reference: Any, ties: Any, dtype: Any, backend: Any) -> None:
    case = reference.case(11, queries=12, gallery=80, dim=3)
    distances = -reference.scores(*case.features, "euclidean")
    if dtype == np.float64:
        distances += 1e-12 * np.arange(80)  # which float32 would not tell apart
    distances = distances.astype(dtype)
    for definition in DEFINITIONS:
        report = retrieval_metrics_from_distances(
            distances,
            *case.labels,
            **case.cameras,
            ties=ties,
            average_precision=definition,
            backend=backend,
        )
        expected = reference.metrics(
            -distances.astype(np.float64), case, ties=ties, average_precision=definition
        )
        reference.assert_equals(report, expected)


def test_distances_agree_with_features(reference: Any) -> None:
    case = reference.case(2, queries=9, gallery=50, dim=8)
    distances = -reference.scores(*case.features, "cosine")
    given = retrieval_metrics_from_distances(
        torch.from_numpy(distances), *case.labels, **case.cameras
    )
    computed = retrieval_metrics(*case.features, *case.labels, **case.cameras)
    assert given.to_dict()["queries"] == computed.to_dict()["queries"]


@pytest.mark.gpu
@pytest.mark.parametrize("metric", METRICS)
def test_a_gpu_gives_the_same_bits(metric: Any) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    generator = np.random.default_rng(5)
    query = generator.normal(size=(300, 130)).astype(np.float32)
    gallery = generator.normal(size=(5000, 130)).astype(np.float32)
    gallery[::3] = gallery[0]
    labels = generator.integers(0, 40, 300), generator.integers(0, 40, 5000)
    here = retrieval_metrics(query, gallery, *labels, metric=metric, backend="numba")
    there = retrieval_metrics(query, gallery, *labels, metric=metric, device="cuda")
    assert there.to_dict() == here.to_dict()
