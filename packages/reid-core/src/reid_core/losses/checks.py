"""What every loss expects of its inputs."""

from __future__ import annotations

from torch import Tensor

__all__ = ["check_features_and_labels"]


def check_features_and_labels(features: Tensor, labels: Tensor) -> None:
    """Refuse anything but floating features (B, D) with integer labels (B,).

    Raises:
        ValueError: with what was expected and what came.
    """
    if features.ndim != 2 or not features.is_floating_point():
        came = f"{features.dtype} {tuple(features.shape)}"
        raise ValueError(f"expected floating-point features (B, D), came {came}")
    if labels.ndim != 1 or labels.is_floating_point() or labels.is_complex():
        raise ValueError(f"expected integer labels (B,), came {labels.dtype} {tuple(labels.shape)}")
    if len(features) != len(labels) or not len(labels):
        raise ValueError(
            f"expected one label for each feature, came {len(features)} features "
            f"and {len(labels)} labels"
        )
