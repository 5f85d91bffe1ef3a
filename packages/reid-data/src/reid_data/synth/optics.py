"""What a camera does to light: exposure, colour, tone, blur and noise."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt

from .cameras import Camera
from .canvas import FloatArray

__all__ = ["WEATHER", "expose", "reduced"]

WEATHER = 0.10
"""Standard deviation of the logarithm of the light from moment to moment."""

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def expose(
    image: FloatArray,
    camera: Camera,
    *,
    rng: np.random.Generator,
    weather: float | None = None,
) -> npt.NDArray[np.uint8]:
    """The picture that a camera takes of a scene.

    Args:
        image: (3, H, W) reflected light in 0..1.
        camera: the camera.
        rng: noise, and the light of the moment where ``weather`` does not give it.
        weather: how much more light than usual there is, as a logarithm.

    Returns:
        (H, W, 3) uint8.
    """
    height, width = image.shape[1:]
    change = rng.normal(0.0, WEATHER) if weather is None else weather
    field = _field(camera.slope, height, width) * np.float32(np.exp(change))
    lit = image * field
    columns = _colour_matrix(camera)
    # three products, not one matmul: BLAS would start its threads for a 3 x 3 matrix
    seen = columns[0] * lit[0] + columns[1] * lit[1] + columns[2] * lit[2]
    np.clip(seen, 0.0, 1.0, out=seen)
    np.power(seen, np.float32(camera.gamma), out=seen)
    seen *= np.float32(1.0 - camera.haze)
    seen += np.float32(camera.haze)
    seen = _blurred(seen, camera.blur * height / 128)
    seen += np.float32(camera.noise) * rng.standard_normal(seen.shape, dtype=np.float32)
    np.clip(seen, 0.0, 1.0, out=seen)
    seen *= np.float32(255.0)
    seen += np.float32(0.5)
    return np.ascontiguousarray(seen.astype(np.uint8).transpose(1, 2, 0))


@lru_cache(maxsize=64)
def _field(slope: tuple[float, float], height: int, width: int) -> FloatArray:
    """(H, W) brightness across the picture, 1 in its middle."""
    across = np.linspace(-0.5, 0.5, width)[None, :]
    down = np.linspace(-0.5, 0.5, height)[:, None]
    field = 1.0 + slope[0] * across + slope[1] * down
    return field.astype(np.float32)


@lru_cache(maxsize=64)
def _colour_matrix(camera: Camera) -> FloatArray:
    """(3, 3, 1, 1) exposure, white balance and saturation in one, indexed by input channel."""
    balance = np.diag(np.asarray(camera.white_balance, dtype=np.float32) * camera.gain)
    grey = np.outer(np.ones(3), _LUMA)
    mix = camera.saturation * np.eye(3) + (1.0 - camera.saturation) * grey
    return (balance @ mix).T.astype(np.float32)[:, :, None, None]


def _blurred(image: FloatArray, sigma: float) -> FloatArray:
    """Repeated three-tap blur of total variance ``sigma`` squared, pixels."""
    passes = ceil(sigma * sigma / 0.5)
    side = np.float32(sigma * sigma / 2 / max(passes, 1))
    middle = np.float32(1.0) - 2 * side
    for _ in range(passes):
        across = image * middle
        across[..., 1:-1] += side * (image[..., :-2] + image[..., 2:])
        across[..., [0, -1]] += side * (image[..., [0, -1]] + image[..., [1, -2]])
        image = across * middle
        image[:, 1:-1] += side * (across[:, :-2] + across[:, 2:])
        image[:, [0, -1]] += side * (across[:, [0, -1]] + across[:, [1, -2]])
    return image


def reduced(image: npt.NDArray[np.uint8], factor: float) -> npt.NDArray[np.uint8]:
    """A picture that was taken with fewer pixels and enlarged again to its size.

    Args:
        image: (H, W, 3) uint8.
        factor: by which its height and width were smaller, at least 1.

    Returns:
        (H, W, 3) uint8.
    """
    from PIL import Image

    height, width = image.shape[:2]
    size = max(round(width / factor), 1), max(round(height / factor), 1)
    small = Image.fromarray(image).resize(size, Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).copy()
