"""Distances against NumPy, in the precision and with the gradients that mining needs."""

import numpy as np
import pytest
import torch

from reid_core.losses import pairwise_distance


def naive(first: np.ndarray, second: np.ndarray, metric: str) -> np.ndarray:
    found = np.empty((len(first), len(second)))
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            if metric == "euclidean":
                found[i, j] = np.sqrt(max(float(((a - b) ** 2).sum()), 1e-12))
            else:
                found[i, j] = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    return found


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("rows", [(3, 5), (40, 30)])
def test_equals_a_naive_loop(metric: str, rows: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(n, 7, generator=generator, dtype=torch.float64) for n in rows)
    found = pairwise_distance(first, second, metric=metric)
    np.testing.assert_allclose(found, naive(first.numpy(), second.numpy(), metric), rtol=1e-12)


def test_small_distances_between_large_features_survive_float32() -> None:
    # Norms of re-ID features reach 50; a.a + b.b - 2 a.b leaves nothing of 1e-3 there.
    base = torch.full((1, 2048), 1.0)
    near = base.clone()
    near[0, 0] += 1e-3
    found = pairwise_distance(base, near.expand(64, -1))
    torch.testing.assert_close(found, torch.full((1, 64), 1e-3), rtol=1e-3, atol=0)


def test_equal_rows_have_the_published_floor_and_no_gradient() -> None:
    features = torch.ones(2, 3, requires_grad=True)
    distances = pairwise_distance(features, features)
    torch.testing.assert_close(distances, torch.full((2, 2), 1e-6))
    distances.sum().backward()
    assert torch.equal(features.grad, torch.zeros(2, 3))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_gradcheck(metric: str) -> None:
    generator = torch.Generator().manual_seed(0)
    pair = [torch.randn(4, 3, generator=generator, dtype=torch.float64) for _ in range(2)]
    for features in pair:
        features.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: pairwise_distance(a, b, metric=metric), pair)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_widened_first_also_within_autocast(
    metric: str, dtype: torch.dtype
) -> None:
    features = torch.randn(8, 64, generator=torch.Generator().manual_seed(0)).to(dtype)
    exact = pairwise_distance(features.float(), features.float(), metric=metric)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = pairwise_distance(features, features, metric=metric)
    assert found.dtype == torch.float32
    assert torch.equal(found, exact)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"of one length D, came \(2, 3\) and \(2, 4\)"):
        pairwise_distance(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(ValueError, match="not 'manhattan'"):
        pairwise_distance(torch.zeros(2, 3), torch.zeros(2, 3), metric="manhattan")
