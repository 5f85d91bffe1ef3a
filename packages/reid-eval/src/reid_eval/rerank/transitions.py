"""How long people take from camera to camera: histograms of transitions, and what they say.

Source: Wang, Lai, Huang and Xie, "Spatial-Temporal Person Re-identification" (st-ReID), AAAI 2019.
"""

from __future__ import annotations

import math
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["Transitions"]

FORMAT = "reid-eval transitions 1"
EPSILON = 1e-7  # added to sums that are divided by, as published


@dataclass(frozen=True)
class Transitions:
    """Counts of time differences for every ordered pair of cameras.

    Entry [later, earlier, b] counts the pairs of a person seen first by camera `earlier` and then
    by camera `later`, with a difference in [b, b + 1) bin widths; the last bin holds all longer
    ones as well. Cameras are indices into `cameras`.

    Attributes:
        cameras: (C,) int64 camera ids, ascending.
        same: (C, C, B) float64 counts for pairs of one person.
        other: (C, C, B) float64 counts for pairs of two different persons.
        bin_width: in frames (or whatever unit the frames were given in).
    """

    cameras: NDArray[np.int64]
    same: NDArray[np.float64]
    other: NDArray[np.float64]
    bin_width: float

    def __post_init__(self) -> None:
        cameras = len(self.cameras)
        if self.same.ndim != 3 or self.same.shape[:2] != (cameras, cameras):
            raise ValueError(
                f"expected histograms (C, C, B) for {cameras} cameras, came {self.same.shape}"
            )
        if self.other.shape != self.same.shape or self.same.shape[2] < 1:
            raise ValueError(
                "expected two histograms of one shape with at least one bin, "
                f"came {self.same.shape} and {self.other.shape}"
            )
        if not self.bin_width > 0:
            raise ValueError(f"bin_width must be above 0, came {self.bin_width}")

    def probability(self, *, sigma: float = 50.0) -> NDArray[np.float64]:
        """Smoothed probability of each bin, as published: each ordered pair of cameras sums to 1.

        Args:
            sigma: of the Gaussian (Parzen) window in bins, cut off at 3 sigma; 0 leaves it out.

        Returns:
            (C, C, B); zero for pairs of cameras without a transition.
        """
        return _normalised(_smoothed(_normalised(self.same), sigma))

    def log_likelihood_ratio(
        self, *, sigma: float = 50.0, uniform: float = 0.1
    ) -> NDArray[np.float64]:
        """Log of how much likelier a transition is for one person than for two.

        For two given cameras the signed time difference has a density for one person and one for
        two persons. Both are estimated with the same window over the signed axis, so that nothing
        is lost at difference 0, and the first is mixed with a uniform density, so that a
        transition never seen in training is unlikely but not impossible.

        Args:
            sigma: of the Gaussian window in bins, cut off at 3 sigma; 0 leaves it out.
            uniform: share of the uniform density, in (0, 1).

        Returns:
            (C, C, B); zero, no evidence, for cameras between which nobody was seen in training,
            and for a camera with itself.

        Raises:
            ValueError: sigma or uniform out of range.
        """
        if not 0 < uniform < 1:
            raise ValueError(f"uniform must be between 0 and 1, came {uniform}")
        bins = self.same.shape[2]
        same, other = (
            (1 - uniform) * _signed_density(counts, sigma) + uniform / (2 * bins)
            for counts in (self.same, self.other)
        )
        totals = self.same.sum(2)
        known = (totals + totals.T > 0)[:, :, None]
        return np.where(known, np.log(same / other), 0.0)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one `.npz` file; the file is complete or not there at all."""
        path = Path(path)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez_compressed(
                    file,
                    format=np.array(FORMAT),
                    cameras=self.cameras,
                    same=self.same,
                    other=self.other,
                    bin_width=np.array(self.bin_width),
                )
            os.replace(temporary, path)  # noqa: PTH105
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Transitions:
        """Read what `save` wrote; nothing in the file is executed.

        Raises:
            FileNotFoundError: no such file.
            ValueError: another kind of file, or a damaged one.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                if str(arrays["format"]) != FORMAT:
                    raise ValueError(f"its format is {str(arrays['format'])!r}")
                return cls(
                    arrays["cameras"],
                    arrays["same"],
                    arrays["other"],
                    float(arrays["bin_width"]),
                )
        except (EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{path} is no file of camera transitions as fitted by fit_transitions: {error}"
            ) from error


def _normalised(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = counts.sum(-1, keepdims=True)
    return counts / (sums + EPSILON)


def _smoothed(histograms: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Convolution of the last axis with a Gaussian cut off at 3 sigma, zero outside."""
    if not 0 <= sigma < float("inf"):
        raise ValueError(f"sigma must be 0 or more bins, came {sigma}")
    if sigma == 0:
        return histograms
    offsets = np.arange(-math.floor(3 * sigma), math.floor(3 * sigma) + 1)
    window = np.exp(-(offsets**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))
    smoothed: NDArray[np.float64] = ndimage.convolve1d(histograms, window, mode="constant")
    return smoothed


def _signed_density(counts: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Density (C, C, B) of `later` being later by a bin, of both directions together."""
    backward = counts.transpose(1, 0, 2)[:, :, ::-1]
    signed = _smoothed(np.concatenate([backward, counts], 2), sigma)
    # Cameras without any count: nothing is known, so everything is equally likely.
    signed += (signed.sum(2, keepdims=True) == 0) / signed.shape[2]
    return _normalised(signed)[:, :, counts.shape[2] :]
