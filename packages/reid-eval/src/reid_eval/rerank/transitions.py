"""How long people take from camera to camera: histograms of transitions, from training data.

Source: Wang, Lai, Huang and Xie, "Spatial-Temporal Person Re-identification" (st-ReID), AAAI 2019.
"""

from __future__ import annotations

import itertools
import math
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from reid_eval.rerank.distances import spans

__all__ = ["Transitions", "check_frames", "fit_transitions"]

FORMAT = "reid-eval transitions 1"
PAIRS = 1 << 22  # time differences held at once
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


def fit_transitions(
    pids: ArrayLike,
    camids: ArrayLike,
    frames: ArrayLike,
    *,
    bin_width: float = 100.0,
    bins: int = 5000,
) -> Transitions:
    """Count how long people take between cameras, from training images.

    A person's time at a camera is the mean frame of their images there. Of two equal times the
    camera with the higher id counts as the later one.

    Args:
        pids: (N,) person of each image; images with a pid below 0 are left out.
        camids: (N,) camera of each image.
        frames: (N,) frame number on one clock for all cameras.
        bin_width: in frames; 100 as published.
        bins: number of bins; longer times count in the last one.

    Returns:
        The histograms, unsmoothed.

    Raises:
        ValueError: images without a frame number or camera, or nobody at two cameras.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, came {bins}")
    if not bin_width > 0:
        raise ValueError(f"bin_width must be above 0, came {bin_width}")
    times = check_frames(frames)
    people, where = np.asarray(pids, np.int64), np.asarray(camids, np.int64)
    if not people.shape == where.shape == times.shape or people.ndim != 1:
        raise ValueError(
            "expected pids, camids and frames of one length (N,), "
            f"came {people.shape}, {where.shape} and {times.shape}"
        )
    if (where < 0).any():
        raise ValueError(
            f"transitions need a camera for every image; {(where < 0).sum()} of {len(where)} "
            "have none; leave those images out or use data with cameras"
        )
    known = people >= 0
    visits = _visits(people[known], where[known], times[known])
    cameras, index = np.unique(visits[1], return_inverse=True)
    visits = visits[0], index, visits[2]
    shape = len(cameras), len(cameras), bins
    same = _count_same(*visits, shape, bin_width)
    if not same.any():
        raise ValueError(
            "transitions need people seen by at least two cameras; "
            f"none of the {len(np.unique(visits[0]))} people was"
        )
    return Transitions(cameras, same, _count_all(*visits[1:], shape, bin_width) - same, bin_width)


def check_frames(frames: ArrayLike) -> NDArray[np.float64]:
    """Frame numbers as float64, refused where any is missing (None, NaN or below 0).

    Raises:
        ValueError: frame numbers missing, or not numbers.
    """
    try:
        column = pd.array(np.asarray(frames), dtype="Float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"frames must be numbers: {error}") from error
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~((numbers >= 0) & np.isfinite(numbers))
    if missing.any():
        raise ValueError(
            f"spatial-temporal fusion needs a frame number for every image; {missing.sum()} of "
            f"{numbers.size} have none; use data with frame numbers or leave the fusion out"
        )
    return numbers


Visits: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Person, camera and mean frame, ordered by person, then camera."""


def _visits(
    pids: NDArray[np.int64], camids: NDArray[np.int64], times: NDArray[np.float64]
) -> Visits:
    both = np.stack([pids, camids], 1)
    unique, group, counts = np.unique(both, axis=0, return_inverse=True, return_counts=True)
    means = np.bincount(group.reshape(-1), times, minlength=len(unique)) / counts
    return unique[:, 0], unique[:, 1], means


def _tally(
    first: tuple[NDArray[np.int64], NDArray[np.float64]],
    second: tuple[NDArray[np.int64], NDArray[np.float64]],
    shape: tuple[int, int, int],
    bin_width: float,
) -> NDArray[np.float64]:
    """Histograms (C, C, B) of pairs of visits; a second visit has the higher camera."""
    difference = second[1] - first[1]
    later = np.where(difference >= 0, second[0], first[0])
    earlier = np.where(difference >= 0, first[0], second[0])
    bins = np.minimum(np.abs(difference) / bin_width, shape[2] - 1).astype(np.int64)
    flat = (later * shape[1] + earlier) * shape[2] + bins
    return np.bincount(flat.ravel(), minlength=math.prod(shape)).reshape(shape).astype(np.float64)


def _count_same(
    people: NDArray[np.int64],
    cameras: NDArray[np.int64],
    times: NDArray[np.float64],
    shape: tuple[int, int, int],
    bin_width: float,
) -> NDArray[np.float64]:
    """Histograms over the pairs of visits of one person."""
    counts = np.zeros(shape)
    for step in range(1, shape[0]):  # nobody has more visits than there are cameras
        paired = people[step:] == people[:-step]
        first = cameras[:-step][paired], times[:-step][paired]
        second = cameras[step:][paired], times[step:][paired]
        counts += _tally(first, second, shape, bin_width)
    return counts


def _count_all(
    cameras: NDArray[np.int64],
    times: NDArray[np.float64],
    shape: tuple[int, int, int],
    bin_width: float,
) -> NDArray[np.float64]:
    """Histograms over all pairs of visits at two different cameras."""
    counts = np.zeros(shape)
    for lower, higher in itertools.combinations(range(shape[0]), 2):
        first, second = times[cameras == lower], times[cameras == higher]
        for rows in spans(len(first), 1 + PAIRS // (1 + len(second))):
            visits = np.array(lower), first[rows, None]
            counts += _tally(visits, (np.array(higher), second), shape, bin_width)
    return counts


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
