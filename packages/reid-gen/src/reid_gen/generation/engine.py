"""What every way of drawing people has in common, and how one is found by its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from reid_data.hub import local_folder

__all__ = ["INFO", "WEIGHTS", "DrawRequest", "Engine", "load_engine", "read_info"]

WEIGHTS, INFO = "generator.safetensors", "generator.json"
_FORMAT = "reid-gen generator"


@dataclass(frozen=True)
class DrawRequest:
    """Whom to draw, and how.

    Attributes:
        images: uint8 (B, 3, H, W) of the engine's size.
        joints: float32 (B, 18, 2), where their joints are on the canvas, NaN where missing.
        targets: float32 (B, 18, 2), where they shall be.
        donors: uint8 (B, 3, H, W) of people who lend their clothes; none: nobody does.
        donor_joints: float32 (B, 18, 2) of the donors.
        parts: which of the ten body parts look like the donor's.
        seeds: int64 (B,), of whatever an engine does at random, a seed an image, so that an image
            does not depend on its batch.
    """

    images: Tensor
    joints: Tensor
    targets: Tensor
    seeds: Tensor
    donors: Tensor | None = None
    donor_joints: Tensor | None = None
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        whole = self.donors is None and self.donor_joints is None and not self.parts
        swapped = self.donors is not None and self.donor_joints is not None and bool(self.parts)
        if not (whole or swapped):
            raise ValueError("donors, donor_joints and parts come together or not at all")

    def __len__(self) -> int:
        return len(self.images)


class Engine(Protocol):
    """A trained generator.

    Attributes:
        image_size: (height, width) of the images that it takes and draws.
        changes_clothes: whether it knows what to do with donors.
        fingerprint: hex digest of its weights.
    """

    image_size: tuple[int, int]
    changes_clothes: bool
    fingerprint: str

    def draw(self, request: DrawRequest) -> Tensor:
        """Uint8 (B, 3, H, W) on the CPU."""
        ...


def read_info(folder: Path | str) -> dict[str, Any]:
    """The description of a trained generator.

    Raises:
        ValueError: the folder holds none.
    """
    path = Path(folder) / INFO
    if not path.is_file():
        raise ValueError(
            f"{folder} holds no trained generator; reid-gen train-gan --out {folder} makes one"
        )
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        if info.get("format") != _FORMAT:
            raise ValueError(f"its format is not {_FORMAT!r}")
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{path} is damaged, train it again: {error}") from error
    return {**info}


def load_engine(folder: Path | str, *, device: torch.device | str = "cpu") -> Engine:
    """Load the generator of a training.

    Args:
        folder: what ``reid-gen train-gan`` wrote, or ``hf://owner/name`` that holds it.
        device: where it draws.

    Raises:
        ValueError: there is none, or it is damaged or of an unknown kind.
    """
    folder = local_folder(folder)
    kind = read_info(folder).get("engine")
    if kind == "gan":
        from reid_gen.generation.gan_engine import GanEngine

        return GanEngine.load(folder, device=device)
    raise ValueError(f"{folder} holds an engine of unknown kind {kind!r}; update reid-gen")
