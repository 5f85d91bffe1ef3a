"""What every loss expects of its inputs."""

from __future__ import annotations

from torch import Tensor

__all__ = ["check_features_and_labels", "check_positive", "check_rows", "check_same_shape"]


def check_features_and_labels(features: Tensor, labels: Tensor) -> None:
    """Refuse anything but floating features (B, D) with integer labels (B,).

    Raises:
        ValueError: with what was expected and what came.
    """
    check_rows(features)
    if labels.ndim != 1 or labels.is_floating_point() or labels.is_complex():
        raise ValueError(f"expected integer labels (B,), came {labels.dtype} {tuple(labels.shape)}")
    if len(features) != len(labels) or not len(labels):
        raise ValueError(
            f"expected one label for each feature, came {len(features)} features "
            f"and {len(labels)} labels"
        )


def check_rows(features: Tensor, *, kind: str = "features (B, D)") -> None:
    """Refuse anything but a matrix of floats.

    Raises:
        ValueError: with what was expected and what came.
    """
    if features.ndim != 2 or not features.is_floating_point():
        came = f"{features.dtype} {tuple(features.shape)}"
        raise ValueError(f"expected floating-point {kind}, came {came}")


def check_same_shape(first: Tensor, second: Tensor, *, kind: str = "features (B, D)") -> None:
    """Refuse anything but two matrices of floats that go together row by row.

    Raises:
        ValueError: with what was expected and what came.
    """
    check_rows(first, kind=kind)
    check_rows(second, kind=kind)
    if first.shape != second.shape or not len(first):
        shapes = f"{tuple(first.shape)} and {tuple(second.shape)}"
        raise ValueError(f"expected two {kind} of one shape, came {shapes}")


def check_positive(**settings: float) -> None:
    """Refuse settings that are not more than 0, by their names.

    Raises:
        ValueError: names the setting and its value.
    """
    for name, value in settings.items():
        if not value > 0:
            raise ValueError(f"{name} must be more than 0, not {value}")
