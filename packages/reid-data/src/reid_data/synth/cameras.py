"""Cameras: how each one sees people differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, exp, pi, sin

import numpy as np

from .palette import Colour
from .pose import Stance
from .streams import Stream, generator

__all__ = ["Camera", "sample_cameras", "sample_stance"]


@dataclass(frozen=True)
class Camera:
    """One fixed camera.

    Attributes:
        camid: its number, from 1.
        seed: seed of the data set, for the scene that it looks at.
        azimuth: the usual walking direction of people relative to it, radians, 0 is frontal.
        spread: standard deviation of that direction, radians.
        oncoming: share of people who walk the opposite way.
        elevation: how far it looks down, radians.
        light: direction to the light (right, down, towards the camera).
        gain: exposure, 1 is right.
        gamma: exponent of its tone curve.
        white_balance: gain of red, green and blue.
        saturation: strength of colours, 1 is true, 0 is grey.
        haze: brightness of its black.
        slope: relative change of brightness across the picture (rightwards, downwards).
        blur: standard deviation of its point spread at a height of 128 pixels, in pixels.
        noise: standard deviation of its noise in 0..1.
        zoom: height of a person relative to the height of the crop.
        looseness: standard deviation of the crop's offset, relative to its width.
        quality: JPEG quality of its files.
    """

    camid: int
    seed: int
    azimuth: float
    spread: float
    oncoming: float
    elevation: float
    light: tuple[float, float, float]
    gain: float
    gamma: float
    white_balance: Colour
    saturation: float
    haze: float
    slope: tuple[float, float]
    blur: float
    noise: float
    zoom: float
    looseness: float
    quality: int


def sample_cameras(count: int, *, seed: int, shift: float = 1.0) -> tuple[Camera, ...]:
    """The cameras of a data set.

    Each property is drawn from ``count`` strata, one a camera, so that every data set has dark and
    bright, warm and cold cameras, and front and back views, whatever its seed.

    Args:
        count: how many, at least 1.
        seed: seed of the data set.
        shift: how strongly light and colour differ between cameras, 0 not at all.

    Returns:
        Cameras numbered from 1.
    """
    rng = generator(seed, Stream.CAMERA)

    def strata() -> list[float]:
        places = (rng.permutation(count) + rng.random(count)) / count
        return [float(place) for place in places]

    names = ("hue", "strength", "gain", "gamma", "saturation", "azimuth", "elevation", "blur",
             "haze", "slope", "light", "noise", "zoom", "quality")  # fmt: skip
    drawn = {name: strata() for name in names}
    turn = float(rng.random())
    return tuple(
        _camera(
            index + 1, seed, {name: places[index] for name, places in drawn.items()}, turn, shift
        )
        for index in range(count)
    )


def _camera(camid: int, seed: int, at: Mapping[str, float], turn: float, shift: float) -> Camera:
    """The camera that stands at the given place, 0..1, of the range of each property."""
    hue = 2 * pi * (at["hue"] + turn)
    cast = shift * (0.08 + 0.08 * at["strength"])
    red, green, blue = (exp(cast * cos(hue - third * 2 * pi / 3)) for third in range(3))
    light, slope = 2 * pi * at["light"], 2 * pi * at["slope"]
    return Camera(
        camid=camid,
        seed=seed,
        azimuth=2 * pi * (at["azimuth"] + turn),
        spread=0.45,
        oncoming=0.3,
        elevation=0.08 + 0.30 * at["elevation"],
        light=(0.7 * sin(light), -0.45, 0.75 + 0.2 * cos(light)),
        gain=exp(shift * 0.4 * (at["gain"] - 0.55)),
        gamma=exp(shift * 0.36 * (at["gamma"] - 0.5)),
        white_balance=(red, green, blue),
        saturation=1.0 + shift * (0.05 - 0.3 * at["saturation"]),
        haze=0.07 * shift * at["haze"] ** 2,
        slope=(0.5 * cos(slope), 0.3 * sin(slope)),
        blur=0.25 + 0.65 * at["blur"],
        noise=0.008 + 0.03 * at["noise"],
        zoom=0.80 + 0.12 * at["zoom"],
        looseness=0.05,
        quality=int(60 + 35 * at["quality"]),
    )


def sample_stance(camera: Camera, rng: np.random.Generator) -> Stance:
    """How somebody happens to walk through a camera's view."""
    heading = camera.azimuth + (pi if rng.random() < camera.oncoming else 0.0)
    return Stance(
        azimuth=float(np.remainder(heading + rng.normal(0.0, camera.spread), 2 * pi)),
        elevation=float(camera.elevation + rng.normal(0.0, 0.03)),
        phase=float(rng.uniform(0.0, 2 * pi)),
        swing=float(rng.uniform(0.35, 1.05)),
    )
