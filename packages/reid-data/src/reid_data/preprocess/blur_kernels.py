"""What a point of light becomes: kernels of motion, of a lens out of focus, and Gaussian.

All are square with odd sides, sum to one, are centred exactly (nothing shifts), and symmetric about
their centre, so that convolution and correlation with them are the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Kernel", "defocus_kernel", "gaussian_kernel", "motion_kernel", "pad_kernel"]

Kernel = npt.NDArray[np.float64]
"""Weights ``(S, S)``."""


def motion_kernel(length: float, *, angle: float) -> Kernel:
    """A camera or person moving in a straight line during the exposure.

    As many points as the length says, one pixel apart on a line through the centre, each shared
    by the four pixels around it. The published kernel is the same line rotated as a picture; for
    even lengths that one also shifts the image by half a pixel.

    Args:
        length: in pixels, at least 1.
        angle: in degrees; 0 is horizontal, 90 vertical, and angles turn counter-clockwise.

    Raises:
        ValueError: the length is below 1.

    Examples:
        >>> motion_kernel(3, angle=90).round(3).tolist()
        [[0.0, 0.333, 0.0], [0.0, 0.333, 0.0], [0.0, 0.333, 0.0]]
    """
    if not length >= 1:
        raise ValueError(f"length of a motion must be 1 pixel or more, came {length}")
    points = round(length)
    along = np.arange(points) - (points - 1) / 2
    radians = np.deg2rad(angle)
    # Rows count downwards.
    return _splat(-along * np.sin(radians), along * np.cos(radians))


def defocus_kernel(radius: float) -> Kernel:
    """A lens out of focus: a disc of even brightness, with an antialiased rim.

    Args:
        radius: of the disc in pixels; below 0.5 nothing is blurred.

    Raises:
        ValueError: the radius is negative.

    Examples:
        >>> defocus_kernel(0.5).tolist(), defocus_kernel(3).shape
        ([[1.0]], (7, 7))
    """
    if not radius >= 0:
        raise ValueError(f"radius of a defocus must be 0 pixels or more, came {radius}")
    reach = int(np.ceil(radius - 0.5)) if radius > 0.5 else 0
    offsets = np.arange(-reach, reach + 1)
    distance = np.hypot(offsets[:, None], offsets[None])
    # The share of a pixel that lies within the rim, taken as straight.
    return _normalised(np.clip(radius + 0.5 - distance, 0, 1) if reach else np.ones((1, 1)))


def gaussian_kernel(size: int, *, sigma: float) -> Kernel:
    """A Gaussian, which is what the published system calls out of focus.

    Args:
        size: side of the kernel, odd.
        sigma: in pixels.

    Raises:
        ValueError: the size is even or sigma is not positive.
    """
    if size < 1 or size % 2 == 0 or not sigma > 0:
        raise ValueError(f"a Gaussian needs an odd size and sigma above 0, came {size} and {sigma}")
    offsets = np.arange(size) - size // 2
    line = np.exp(-(offsets**2) / (2 * sigma**2))
    return _normalised(np.outer(line, line))


def pad_kernel(kernel: Kernel, *, size: int) -> Kernel:
    """Surround a kernel with zeros until it has the side `size`, which is odd and not smaller."""
    return np.pad(kernel, (size - len(kernel)) // 2)


def _splat(rows: Kernel, columns: Kernel) -> Kernel:
    """Share points around the centre bilinearly among the pixels of the smallest odd square."""
    reach = int(np.ceil(max(np.abs(rows).max(), np.abs(columns).max()) - 1e-9))
    offsets = np.arange(-reach, reach + 1)
    by_row = np.clip(1 - np.abs(rows[:, None] - offsets), 0, None)
    by_column = np.clip(1 - np.abs(columns[:, None] - offsets), 0, None)
    return _normalised(by_row.T @ by_column)


def _normalised(weights: Kernel) -> Kernel:
    return np.asarray(weights / weights.sum())
