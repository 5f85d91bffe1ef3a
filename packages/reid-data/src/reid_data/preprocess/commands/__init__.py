"""The verbs of preprocessing, for the console script ``reid-data``; one file a verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reid_data.preprocess.commands import (
    degrade,
    genders,
    heatmaps,
    lowres,
    masks,
    pairs,
    poses,
    recolour,
    sizes,
)

__all__ = ["VERBS"]

VERBS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "lowres": lowres.lowres,
        "degrade": degrade.degrade,
        "masks": masks.masks,
        "recolour": recolour.recolour,
        "poses": poses.poses,
        "heatmaps": heatmaps.heatmaps,
        "pairs": pairs.pairs,
        "sizes": sizes.sizes,
        "genders": genders.genders,
    }
)
"""Verb functions by name, in the order in which help lists them."""
