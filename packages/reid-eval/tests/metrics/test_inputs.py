"""What may be passed, what may not, and that nothing is copied or changed."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_eval.metrics import precision as precision_module
from reid_eval.metrics import retrieval_metrics, retrieval_metrics_from_distances
from reid_eval.metrics.bounds import BFLOAT16, DOUBLE, SINGLE, linear_form, product_roundoff
from reid_eval.metrics.features import FeatureBlocks, pick_device
from reid_eval.metrics.precision import TileProduct, as_factor, pick_dtype

CPU = torch.device("cpu")
GOOD: dict[str, Any] = {
    "query_features": np.eye(2),
    "gallery_features": np.eye(3)[:, :2] + 0.1,
    "query_pids": [1, 2],
    "gallery_pids": [1, 2, 2],
}


def _with(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query_features": np.ones((2, 3))}, "equally many columns, got 3 and 2"),
        ({"query_features": np.ones(2)}, r"non-empty \(N, D\) matrix, got shape \(2,\)"),
        ({"query_features": np.ones((0, 2))}, r"got shape \(0, 2\)"),
        ({"query_features": [[1.0, 2.0]]}, "NumPy array or a torch tensor, got list"),
        ({"query_features": np.ones((2, 2), dtype=int)}, "must hold floats, got int64"),
        ({"gallery_features": np.array([[1, 2], [1, np.nan], [1, 2.0]])}, "first row 1"),
        ({"gallery_features": np.full((3, 2), np.inf)}, "3 of 3 rows hold NaN or infinity"),
        ({"gallery_features": np.full((3, 2), 1e300)}, "finite in float32"),
        ({"gallery_features": np.full((3, 2), 1e16)}, "norms up to 1e\\+15"),
        ({"query_pids": [1]}, "query_pids must hold one label a row: expected 2, got 1"),
        ({"query_pids": [1.0, 2.0]}, "query_pids must hold integers, got float64"),
        ({"query_pids": [True, False]}, "must hold integers, got bool"),
        ({"query_pids": ["1", "2"]}, "must hold integers"),
        ({"query_pids": "12"}, "must be a sequence of integers, got str"),
        ({"query_pids": [[1, 2]]}, r"one-dimensional, got shape \(1, 2\)"),
        ({"query_pids": np.array([1, 2**64 - 1], dtype=np.uint64)}, "must fit int64"),
        ({"gallery_pids": torch.ones(3)}, "gallery_pids must hold integers, got float32"),
        ({"query_camids": [0, 1]}, "gallery_camids is missing"),
        ({"gallery_camids": [0, 1, 1]}, "query_camids is missing"),
        ({"query_camids": [0], "gallery_camids": [0] * 3}, "query_camids must hold one label"),
        ({"metric": "l2"}, "metric must be 'cosine' or 'euclidean', got 'l2'"),
        ({"camera_filter": "all"}, "camera_filter must be 'cross-camera' or 'none'"),
        ({"average_precision": "area"}, "average_precision must be 'mean' or 'trapezoid'"),
        ({"ties": "random"}, "ties must be 'gallery-order' or"),
        ({"backend": "cython"}, "backend must be 'auto' or"),
        ({"query_block": 0}, "query_block must be at least 1"),
        ({"gallery_block": -4}, "gallery_block must be at least 1"),
        ({"backend": "numba", "device": "meta"}, "works on the CPU, got device meta"),
        ({"device": "mps"}, "has no float64"),
        ({"precision": "fp16"}, "precision must be 'auto' or 'fp32' or 'bf16', got 'fp16'"),
        ({"precision": "bf16", "device": "meta"}, "works on the CPU, got device meta"),
    ],
)
def test_bad_input_is_one_clear_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        retrieval_metrics(**_with(**changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_distances_must_be_finite(value: float) -> None:
    distances = np.ones((2, 3))
    distances[1, 2] = value
    with pytest.raises(ValueError, match="row 1 holds NaN or infinity"):
        retrieval_metrics_from_distances(distances, [1, 2], [1, 2, 2])


def test_an_emptied_evaluation_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="no query has a match") as caught:
        retrieval_metrics(**_with(query_pids=[1, 7], query_camids=[3, 3], gallery_camids=[3] * 3))
    assert "of 2 queries the camera filter emptied 1, 1 have no identity" in str(caught.value)
    assert 'camera_filter="none"' in str(caught.value)


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str
)
def test_any_float_tensor(reference: Any, dtype: torch.dtype) -> None:
    case = reference.case(4, queries=10, gallery=60, dim=20)
    expected = reference.metrics(reference.scores(*case.features, "cosine"), case)
    query, gallery = (torch.from_numpy(x).to(dtype) for x in case.features)
    query.requires_grad_()
    report = retrieval_metrics(query, gallery, *case.labels, **case.cameras, gallery_block=32)
    reference.assert_equals(report, expected)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_float_array(reference: Any, dtype: str, order: Any) -> None:
    case = reference.case(4, queries=10, gallery=60, dim=20)
    expected = reference.metrics(reference.scores(*case.features, "cosine"), case)
    query, gallery = (np.asarray(x, dtype=dtype, order=order) for x in case.features)
    report = retrieval_metrics(query, gallery, *case.labels, **case.cameras, gallery_block=32)
    reference.assert_equals(report, expected)


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_read_only_memory_map(
    reference: Any, tmp_path: Path, backend: Any, recwarn: pytest.WarningsRecorder
) -> None:
    case = reference.case(6, queries=10, gallery=60, dim=20)
    np.save(tmp_path / "gallery.npy", case.gallery)
    mapped = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    report = retrieval_metrics(
        case.query, mapped, *case.labels, **case.cameras, backend=backend, gallery_block=16
    )
    expected = reference.metrics(reference.scores(*case.features, "cosine"), case)
    reference.assert_equals(report, expected)
    assert not recwarn.list


def test_float32_rows_are_views_and_others_are_converted_by_the_block() -> None:
    source = np.ones((10, 4), dtype=np.float32)
    blocks = FeatureBlocks("gallery_features", source, device=CPU)
    assert np.shares_memory(blocks.rows(2, 5).numpy(), source)
    assert np.shares_memory(blocks.take(np.array([3, 4, 5])).numpy(), source)
    assert blocks.take(np.array([0, 9])).shape == (2, 4)
    half = FeatureBlocks("gallery_features", source.astype(np.float16), device=CPU)
    assert [(start, len(rows)) for start, rows in half.blocks(4)] == [(0, 4), (4, 4), (8, 2)]


def test_inputs_are_left_as_they_were(reference: Any) -> None:
    case = reference.case(1, queries=5, gallery=30, dim=7)
    before = [x.copy() for x in (*case.features, *case.labels)]
    retrieval_metrics(*case.features, *case.labels, **case.cameras, metric="euclidean")
    for now, then in zip((*case.features, *case.labels), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("holder", [list, tuple, torch.tensor, pd.Series, np.int32, np.uint8])
def test_labels_in_any_holder(holder: Any) -> None:
    report = retrieval_metrics(**_with(query_pids=holder([1, 2]), gallery_pids=holder([1, 2, 2])))
    assert report.matches.tolist() == [1, 2]


def test_large_labels_keep_their_last_digit() -> None:
    # As float64, both would be one identity.
    report = retrieval_metrics(**_with(query_pids=[2**53, 2**53 + 1], gallery_pids=[2**53, 5, 6]))
    assert report.matches.tolist() == [1, 0]


def test_the_device_is_the_features_own() -> None:
    assert pick_device(None, np.eye(2), torch.eye(2)) == CPU
    assert pick_device(None, np.eye(2), torch.empty(2, 2, device="meta")).type == "meta"
    assert pick_device("cpu", torch.empty(2, 2, device="meta")) == CPU


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    dim=st.sampled_from([1, 3, 64, 500]),
    metric=st.sampled_from(["cosine", "euclidean"]),
    magnitude=st.sampled_from([1e-25, 1e-12, 1e-3, 1.0, 1e6, 1e14]),
    shift=st.sampled_from([0.0, 1.0, 50.0]),
    dtype=st.sampled_from([torch.bfloat16, torch.float32, torch.float64]),
)
def test_the_bound_holds(
    seed: int,
    dim: int,
    metric: Any,
    magnitude: float,
    shift: float,
    dtype: torch.dtype,
) -> None:
    generator = np.random.default_rng(seed)
    scale = magnitude / (np.sqrt(dim) * (4 + shift))
    query, gallery = (
        ((generator.normal(size=(n, dim)) + shift) * scale).astype(np.float32) for n in (3, 12)
    )
    gallery[0] = 0
    # Products of two float32 are exact in float64, and fsum rounds their sum once.
    doubles = query.astype(np.float64), gallery.astype(np.float64)
    exact = np.array([[math.fsum(q * g) for g in doubles[1]] for q in doubles[0]])
    squares = [np.array([math.fsum(row * row) for row in x]) for x in doubles]
    left, right = (
        as_factor(torch.from_numpy(x), np.sqrt(s), dtype)
        for x, s in zip((query, gallery), squares, strict=True)
    )
    product = TileProduct(3, 12)(left.rows, right.rows).numpy()
    grain = BFLOAT16 if dtype == torch.bfloat16 else 0.0
    form = linear_form(
        metric,
        *squares,
        dim=dim,
        roundoff=(1 + left.residue) * (1 + right.residue.max()) - 1,
        unit=DOUBLE if dtype == torch.float64 else SINGLE,
        grain=grain,
    )
    entry = product * form.scale.astype(product.dtype) + form.bias.astype(product.dtype)
    if metric == "cosine":
        norms = np.sqrt(squares[0])[:, None] * np.sqrt(squares[1])
        score = np.divide(exact, norms, out=np.zeros_like(exact), where=norms > 0)
    else:
        score = 2 * exact - (squares[0][:, None] + squares[1])
    target = score * form.factor[:, None] + form.shift[:, None]
    assert np.isfinite(entry).all()
    assert (np.abs(entry - target) <= form.slack[:, None] + grain * np.abs(target)).all()


def test_finer_products_take_over_where_coarse_ones_decide_too_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(0)
    gallery = (100 + generator.normal(size=(400, 64))).astype(np.float32)
    labels = generator.integers(0, 9, 50), generator.integers(0, 9, 400)
    expected = retrieval_metrics(gallery[:50], gallery, *labels, gallery_block=400).to_dict()
    dtypes, mm = [], torch.mm

    def spy(left: torch.Tensor, right: torch.Tensor, **options: Any) -> torch.Tensor:
        dtypes.append(left.dtype)
        return mm(left, right, **options)

    monkeypatch.setattr(torch, "mm", spy)
    for backend in ("numba", "torch"):
        report = retrieval_metrics(
            gallery[:50], gallery, *labels, gallery_block=100, backend=backend, precision="bf16"
        )
        assert report.to_dict() == expected
        assert dtypes == [torch.bfloat16, torch.float32] + 2 * [torch.float64]
        dtypes.clear()


def test_auto_takes_bfloat16_where_it_is_much_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(fast: float, *, scores: int = 2**30, device: str = "cpu") -> torch.dtype:
        spent = {torch.bfloat16: fast, torch.float32: 1.0}
        monkeypatch.setattr(precision_module, "_trial", lambda dtype, dim: spent[dtype])
        return pick_dtype("auto", torch.device(device), scores=scores, dim=512)

    assert chosen(0.3) == torch.bfloat16
    assert chosen(0.9) == torch.float32
    assert chosen(0.3, scores=1000) == torch.float32
    assert chosen(0.3, device="meta") == torch.float32
    monkeypatch.undo()
    assert pick_dtype("auto", CPU, scores=2**30, dim=64) in {torch.bfloat16, torch.float32}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_extreme_norms_are_still_exact(
    reference: Any, metric: Any, backend: Any, precision: Any
) -> None:
    case = reference.case(8, queries=8, gallery=60, dim=12)
    # Powers of two keep integer features exact while their products leave float32.
    query, gallery = case.query * np.float32(2.0**-70), case.gallery * np.float32(2.0**-70)
    gallery[::4] *= np.float32(2.0**-50)
    gallery[1::4] *= np.float32(2.0**100)
    scaled = reference.of(query, gallery, *case.labels, case.query_camids, case.gallery_camids)
    expected = reference.metrics(reference.scores(query, gallery, metric), scaled)
    report = retrieval_metrics(
        query,
        gallery,
        *case.labels,
        **case.cameras,
        metric=metric,
        backend=backend,
        precision=precision,
    )
    reference.assert_equals(report, expected)


@pytest.mark.parametrize(("setting", "least"), [("bf16", 2.0**-8), ("tf32", 2.0**-10)])
def test_rounded_products_stay_exact(setting: str, least: float) -> None:
    matmul = torch.backends.mkldnn.matmul
    before = matmul.fp32_precision
    generator = np.random.default_rng(0)
    query = generator.normal(size=(64, 256)).astype(np.float32)
    gallery = generator.normal(size=(2000, 256)).astype(np.float32)
    labels = generator.integers(0, 30, 64), generator.integers(0, 30, 2000)
    exact = retrieval_metrics(query, gallery, *labels, backend="numba").to_dict()
    try:
        matmul.fp32_precision = setting
        assert product_roundoff(CPU) >= least
        rounded = retrieval_metrics(query, gallery, *labels, backend="numba").to_dict()
    finally:
        matmul.fp32_precision = before
    assert rounded == exact


def test_numba_waits_until_it_is_needed() -> None:
    code = (
        "import sys, numpy as np, reid_eval.metrics as m; assert 'numba' not in sys.modules;"
        "m.retrieval_metrics(np.eye(2), np.eye(2), [1, 2], [1, 2]);"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_machine_without_a_folder_for_compiled_code() -> None:
    code = (
        "import numpy as np, numba.core.caching as c\n"
        "for name in ('CacheImpl', 'CompileResultCacheImpl'):\n"
        "    setattr(getattr(c, name), '_locator_classes', [])\n"
        "from reid_eval.metrics.kernels import squared_norms\n"
        "rows, out = np.full((2, 3), 2, dtype=np.float32), np.zeros(2)\n"
        "squared_norms(rows, out, 0, 2)\n"
        "assert out.tolist() == [12, 12]\n"
        "assert not squared_norms.stats.cache_path\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
