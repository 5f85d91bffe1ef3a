"""Two sets of features as distributions: the Frechet distance (FID) and the kernel distance (KID).

Both depend on the extractor and on the number of images, so a figure without these two is none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["frechet_distance", "kernel_distance"]

Features = NDArray[np.floating]


def frechet_distance(fake: Features, real: Features) -> float:
    """Squared Frechet distance of two Gaussians with the sets' means and covariances.

    ``|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))``, the trace from eigenvalues in float64 (Heusel
    et al., 2017). With few images it is far too large.

    Args:
        fake: (N, D), N at least 2.
        real: (M, D), M at least 2.

    Raises:
        ValueError: the shapes do not fit or values are not finite.

    Examples:
        >>> line = np.arange(10.0)[:, None]
        >>> round(frechet_distance(line, line + 3), 6)
        9.0
    """
    one, other = _checked(fake), _checked(real)
    _fit(one, other)
    root = _square_root(np.cov(one, rowvar=False).reshape(one.shape[1], -1))
    spread = np.cov(other, rowvar=False).reshape(one.shape[1], -1)
    # S1 S2 has the eigenvalues of the symmetric R S2 R, where R R = S1.
    crossed = np.linalg.eigvalsh(root @ spread @ root)
    shift = one.mean(axis=0) - other.mean(axis=0)
    traces = np.trace(root @ root) + np.trace(spread)
    return float(shift @ shift + traces - 2 * np.sqrt(crossed.clip(0)).sum())


def kernel_distance(
    fake: Features, real: Features, *, subsets: int = 100, size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Squared maximum mean discrepancy with a cubic kernel (Binkowski et al., 2018).

    Args:
        fake: (N, D).
        real: (M, D).
        subsets: how many random subsets are averaged.
        size: of each, or all where there are fewer.
        seed: of the subsets.

    Returns:
        Mean and standard deviation over the subsets; the estimate is unbiased, so it may be
        negative.

    Raises:
        ValueError: the shapes do not fit or values are not finite.
    """
    one, other = _checked(fake), _checked(real)
    _fit(one, other)
    rng, count = np.random.default_rng(seed), min(size, len(one), len(other))
    found = [
        _discrepancy(
            one[rng.choice(len(one), count, replace=False)],
            other[rng.choice(len(other), count, replace=False)],
        )
        for _ in range(subsets)
    ]
    return float(np.mean(found)), float(np.std(found))


def _discrepancy(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    count, dimension = one.shape

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((a @ b.T / dimension + 1) ** 3)

    def within(a: NDArray[np.float64]) -> float:
        table = kernel(a, a)
        return float((table.sum() - np.trace(table)) / (count * (count - 1)))

    return within(one) + within(other) - 2 * float(kernel(one, other).mean())


def _square_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(values.clip(0))) @ vectors.T)


def _checked(features: Features) -> NDArray[np.float64]:
    if features.ndim != 2 or len(features) < 2 or not np.isfinite(features).all():
        raise ValueError(f"expected finite features (N, D), N of 2 or more, came {features.shape}")
    return features.astype(np.float64)


def _fit(one: Features, other: Features) -> None:
    if one.shape[1] != other.shape[1]:
        raise ValueError(
            f"both sets need one extractor, came {one.shape[1]} and {other.shape[1]} dimensions"
        )
