"""A backbone that can say what strangers look like.

Published systems begin with weights of ImageNet: from a million pictures their networks know hair,
skin and cloth before they see the first identity. For drawn people nothing of that kind exists, and
a few hundred identities are too few to learn it from. So a network learns here to describe
strangers, each drawn once, by what they are as well as by what they wear; it never learns who is
who, nor that clothes do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from reid_core.backbones import create_backbone
from reid_data.files import replacing
from reid_data.synth.cameras import Camera, sample_cameras
from reid_data.synth.crops import render
from reid_data.synth.people import (
    Age,
    Bag,
    Hair,
    Hat,
    LowerKind,
    Pattern,
    Person,
    UpperKind,
    sample_stranger,
)

__all__ = ["Looks", "general_weights"]

_KINDS: tuple[tuple[str, ...], ...] = (
    *(get_args(closed) for closed in (Hair, Age, UpperKind, LowerKind, Bag, Hat, Pattern)),
    ("none", "clear", "dark"),
)
_SETS_OF_CAMERAS, _CAMERAS = 40, 6
_BATCH, _RATE, _DECAY = 64, 4.0e-3, 1.0e-2
_SMALL = 6
"""Values that stand first, of skin and hair: they are told by few pixels and count four times."""
_SEED = 9000


@dataclass(frozen=True)
class Looks:
    """Pictures of strangers and what is seen on each.

    Attributes:
        images: ``(N, H, W, 3)`` uint8 RGB.
        measures: ``(N, M)`` float32 colours and proportions, each of mean 0 and deviation 1.
        kinds: ``(N, len(_KINDS) + 1)`` int64, which one of each kind; the last is the gender.
    """

    images: NDArray[np.uint8]
    measures: NDArray[np.float32]
    kinds: NDArray[np.int64]

    def save(self, path: Path) -> None:
        """Write them, whole or not at all."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Looks:
        """Read them."""
        with np.load(path) as found:
            return cls(**found)


def draw_strangers(count: int, *, height: int, width: int) -> Looks:
    """So many strangers, each before one of 240 cameras that no data set has."""
    rng = np.random.default_rng(_SEED)
    cameras: list[Camera] = []
    for index in range(_SETS_OF_CAMERAS):
        cameras += sample_cameras(_CAMERAS, seed=_SEED + index)
    images = np.empty((count, height, width, 3), np.uint8)
    measures, kinds = [], []
    for index in range(count):
        person = sample_stranger(rng)
        camera = cameras[int(rng.integers(len(cameras)))]
        images[index] = render(person, camera, rng=rng, height=height, width=width)
        measures.append(_measures(person))
        kinds.append(_kinds(person))
    values = np.asarray(measures, np.float32)
    values = (values - values.mean(0)) / values.std(0)
    return Looks(images, values, np.asarray(kinds, np.int64))


def _measures(person: Person) -> list[float]:
    body, outfit = person.body, person.outfit
    colours = (
        body.skin,
        body.hair_colour,
        outfit.upper.colour,
        outfit.lower.colour,
        outfit.shoes,
        outfit.inner,
    )
    shape = (body.build, body.shoulders, body.belly, body.legs, body.head, outfit.lower_length)
    return [*(value for colour in colours for value in colour), *shape]


def _kinds(person: Person) -> list[int]:
    body, outfit = person.body, person.outfit
    shown = (
        body.hair,
        body.age,
        outfit.upper_kind,
        outfit.lower_kind,
        outfit.bag,
        outfit.hat,
        outfit.upper.pattern,
        body.glasses,
    )
    places = [kinds.index(kind) for kinds, kind in zip(_KINDS, shown, strict=True)]
    return [*places, int(body.female)]


def general_weights(
    work: Path, name: str, *, strangers: int, epochs: int, image_size: tuple[int, int]
) -> Path:
    """Weights of a timm backbone that describes strangers, trained now if they are not there.

    Args:
        work: folder that keeps pictures and weights.
        name: a model of timm, as ``timm:test_resnet``.
        strangers: how many are drawn.
        epochs: passes over them.
        image_size: ``(H, W)`` that the network sees; they are drawn at this size.
    """
    file = work / "backbone.safetensors"
    if file.is_file():
        return file
    pictures = work / "strangers.npz"
    if not pictures.is_file():
        height, width = image_size
        draw_strangers(strangers, height=height, width=width).save(pictures)
    weights = _describe(Looks.load(pictures), name, epochs=epochs, image_size=image_size)
    with replacing(file) as temporary:
        save_file(weights, temporary)
    return file


class _Describer(nn.Module):
    """A backbone and one linear layer that says all about a picture."""

    def __init__(self, name: str, image_size: tuple[int, int], outputs: int) -> None:
        super().__init__()
        self.backbone = create_backbone(name, image_size=image_size)
        self.says = nn.Linear(self.backbone.num_features, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """What is said of uint8 images ``(B, H, W, 3)``."""
        mean, deviation = (torch.tensor(each) for each in (self.backbone.mean, self.backbone.std))
        given = ((images / 255 - mean) / deviation).permute(0, 3, 1, 2)
        said: Tensor = self.says(self.backbone(given).mean((2, 3)))
        return said


def _describe(
    looks: Looks, name: str, *, epochs: int, image_size: tuple[int, int]
) -> dict[str, Tensor]:
    """Weights of the backbone after so many epochs, under the names that timm gives them."""
    torch.manual_seed(_SEED)
    images = torch.from_numpy(looks.images)
    measures, kinds = torch.from_numpy(looks.measures), torch.from_numpy(looks.kinds)
    counts = [*(len(names) for names in _KINDS), 2]
    network = _Describer(name, image_size, measures.shape[1] + sum(counts)).train()
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = len(images) // _BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _RATE, total_steps=epochs * steps, pct_start=0.15
    )
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(images)), _BATCH)[:steps]:
            with torch.autocast("cpu", torch.bfloat16):
                said = network(_moved(images[rows])).float()
            loss = _error(said, measures[rows], kinds[rows], counts)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    own = "network."
    state = network.backbone.state_dict()
    return {
        key.removeprefix(own): value.contiguous()
        for key, value in state.items()
        if key.startswith(own)
    }


def _moved(images: Tensor) -> Tensor:
    """The images of a batch, mirrored or not and moved by a few pixels, all alike."""
    down, right = (int(torch.randint(-most, most + 1, ())) for most in (4, 2))
    moved = torch.roll(images, (down, right), (1, 2))
    return moved.flip(2) if torch.rand(()) < 0.5 else moved


def _error(said: Tensor, measures: Tensor, kinds: Tensor, counts: list[int]) -> Tensor:
    """Smooth L1 of all measures and cross entropy of all kinds, summed."""
    measured, *chosen = torch.split(said, [measures.shape[1], *counts], dim=1)
    weights = torch.ones(measures.shape[1])
    weights[:_SMALL] = 4.0
    apart = functional.smooth_l1_loss(measured, measures, reduction="none").mean(0)
    loss = (weights * apart).sum()
    for column, logits in enumerate(chosen):
        loss = loss + functional.cross_entropy(logits, kinds[:, column])
    return loss
