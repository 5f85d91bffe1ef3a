import numpy as np
import pytest

from reid_gen.scoring import frechet_distance, kernel_distance, pckh


def test_frechet_distance_is_the_formula_with_a_matrix_root() -> None:
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(200, 6)), rng.normal(size=(150, 6)) @ rng.normal(size=(6, 6)) + 1
    cov, spread = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = np.real(sqrtm(cov @ spread))
    shift = one.mean(axis=0) - other.mean(axis=0)
    expected = shift @ shift + np.trace(cov + spread - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-8)


def test_frechet_distance_takes_fewer_images_than_dimensions() -> None:
    few = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-5)


def test_kernel_distance_is_the_unbiased_estimate_by_loops() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)) + 1

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / 3 + 1) ** 3)

    count = 6
    within = sum(
        kernel(side[i], side[j])
        for side in (one, other)
        for i in range(count)
        for j in range(count)
        if i != j
    )
    across = sum(kernel(a, b) for a in one for b in other)
    expected = within / (count * (count - 1)) - 2 * across / count**2
    mean, deviation = kernel_distance(one, other, subsets=3, size=50)
    assert mean == pytest.approx(expected)
    assert deviation == pytest.approx(0, abs=1e-9)


def test_bad_features_are_refused() -> None:
    with pytest.raises(ValueError, match="one extractor"):
        frechet_distance(np.ones((3, 2)), np.ones((3, 4)))
    with pytest.raises(ValueError, match="2 or more"):
        kernel_distance(np.ones((1, 2)), np.ones((3, 2)))


def test_pckh_counts_and_says_what_it_left_out() -> None:
    targets = np.full((3, 18, 2), np.nan)
    targets[:2, 0], targets[:2, 1], targets[:2, 4] = (0, 0), (3, 4), (20, 20)  # a head of 5
    targets[2, 4] = (20, 20)  # no head
    joints = targets.copy()
    joints[0, 4] += (0, 2.5)  # within half a head
    joints[1, 4] += (0, 2.6)  # outside
    joints[1, 1] = np.nan
    found = pckh(joints, targets)
    assert (found.images, found.headless, found.joints, found.missing) == (2, 1, 6, 1)
    assert found.all == pytest.approx(4 / 6)
    assert found.found == pytest.approx(4 / 5)
    with pytest.raises(ValueError, match="none of 1 targets"):
        pckh(joints[2:], targets[2:])
    with pytest.raises(ValueError, match="expected joints"):
        pckh(joints[:, :17], targets[:, :17])
