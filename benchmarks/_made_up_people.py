"""A world of made-up people whose truth is known: anybody can be drawn again in other clothes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_data.synth import Difficulty, Shot, Studio
from reid_data.synth.crops import Crop
from reid_data.synth.parts import Part
from reid_data.synth.people import Outfit, Person
from reid_data.synth.writing import prepare, write

__all__ = ["GARMENTS", "World", "open_world"]

GARMENTS: dict[str, tuple[tuple[str, ...], tuple[Part, ...]]] = {
    "upper": (("upper_kind", "upper", "inner"), (Part.UPPER_CLOTHES, Part.COAT)),
    "lower": (("lower_kind", "lower", "lower_length"), (Part.TROUSERS, Part.SKIRT)),
}
"""What of an outfit a garment is, and how it is labelled in a parsing map."""


@dataclass(frozen=True)
class _Wardrobe(Studio):
    """A studio in which some people wear something else."""

    worn: Mapping[int, Outfit] = field(default_factory=dict)

    def person(self, pid: int, outfit: int = 0) -> Person:
        found = super().person(pid, outfit)
        return replace(found, outfit=self.worn[pid]) if pid in self.worn else found


@dataclass(frozen=True)
class World:
    """A data set on disk, and the studio that drew it.

    Attributes:
        root: where it lies.
        studio: draws any of it again.
        shots: what each image shows, by its path.
    """

    root: Path
    studio: Studio
    shots: Mapping[str, Shot]

    def dressed(self, path: str, *, lender: str, garment: str) -> Crop:
        """An image drawn again, its person in a garment of another image's person."""
        shot, other = self.shots[path], self.shots[lender]
        own, theirs = (self.studio.person(s.pid, s.outfit).outfit for s in (shot, other))
        names = GARMENTS[garment][0]
        worn = {shot.pid: replace(own, **{name: getattr(theirs, name) for name in names})}
        studio = self.studio
        wardrobe = _Wardrobe(
            studio.seed, studio.cameras, studio.height, studio.width, studio.difficulty, worn
        )
        return wardrobe.draw(shot)

    def strangers(self, count: int) -> tuple[Tensor, npt.NDArray[np.float64]]:
        """Images (N, 3, H, W) and joints (N, 18, 2) of people that the data set does not show."""
        first = 1 + max(shot.pid for shot in self.shots.values())
        cameras = len(self.studio.cameras)
        crops = [
            self.studio.draw(
                Shot("train", first + row // cameras, 1 + row % cameras, index=0, frame=0)
            )
            for row in range(count)
        ]
        images = torch.from_numpy(np.stack([crop.image for crop in crops])).permute(0, 3, 1, 2)
        joints = np.stack([crop.keypoints for crop in crops]).astype(np.float64)
        return images.contiguous(), joints


def open_world(root: Path, **amounts: Any) -> World:
    """Render a data set with keypoints, or find the one that was rendered before."""
    options: dict[str, Any] = {"layout": "market1501", "distractors": 0, "annotations": True}
    options |= {"difficulty": Difficulty(occlusion=0.0), **amounts}
    # Planned beside the folder, which may be there already.
    order = prepare(root.with_name(f"{root.name}.plan"), **options)
    if not root.is_dir():
        write(order, root)
    return World(root, order.studio, dict(order.arrangement.images))
