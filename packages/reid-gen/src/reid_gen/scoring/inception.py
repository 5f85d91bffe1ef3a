"""The Inception network of FID, as published with it or as torchvision has it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d
from torchvision.models import inception as blocks  # type: ignore[import-untyped]

from reid_core.backbones.weights import read_weights
from reid_core.keys import mismatch

__all__ = ["InceptionExtractor"]

_PUBLISHED, _TORCHVISION = 1008, 1000
_SIDE = 299


class InceptionExtractor:
    """Features (B, 2048) behind the last pooling of an Inception v3, an extractor for FID and KID.

    Two networks go by that name, and their distances are not comparable: the one of FID's authors
    (a file of 1008 classes, as pytorch-fid and torch-fidelity share it in PyTorch's names), whose
    pools leave padding out, and torchvision's (1000 classes). The file says which it is.

    Args:
        weights: file of its weights.
        image_size: (height, width) of the images that it is given; it enlarges them to 299 x 299.
        device: where to compute.

    Attributes:
        name: ``inception-2015`` or ``inception-torchvision``.
        image_size: as given.
        embedding_size: 2048.
        fingerprint: hex digest of the file.
        device: where the images must be.

    Raises:
        ValueError: the file cannot be read, or holds no Inception v3.

    Source:
        Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium", NIPS 2017.
    """

    embedding_size = 2048

    def __init__(
        self,
        weights: Path,
        *,
        image_size: tuple[int, int] = (128, 64),
        device: torch.device | str = "cpu",
    ) -> None:
        found = read_weights(weights)
        classes = len(found.get("fc.weight", ()))
        published = classes == _PUBLISHED
        network = _published(classes) if published else _torchvision()
        # torchvision's second classifier plays no part.
        used = {name: value for name, value in found.items() if not name.startswith("AuxLogits.")}
        problem = mismatch(network.state_dict(), used)
        if problem:
            raise ValueError(f"{weights} holds no Inception v3 of FID or of torchvision: {problem}")
        network.load_state_dict(used, strict=False)
        network.fc = nn.Identity()
        self.name = "inception-2015" if published else "inception-torchvision"
        self.image_size, self.device = image_size, torch.device(device)
        self.fingerprint = hashlib.sha256(weights.read_bytes()).hexdigest()
        self._network = network.eval().to(self.device)

    def describe(self) -> dict[str, Any]:
        """A name and the preprocessing."""
        return {"name": self.name, "preprocessing": f"bilinear to {_SIDE}x{_SIDE}, -1 .. 1"}

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Features (B, 2048) of uint8 RGB images (B, 3, H, W)."""
        large = interpolate(
            images.float(), (_SIDE, _SIDE), mode="bilinear", align_corners=False, antialias=False
        )
        features: Tensor = self._network(large / 127.5 - 1)
        return features.float()


def _torchvision() -> nn.Module:
    network: nn.Module = blocks.Inception3(
        num_classes=_TORCHVISION, aux_logits=False, init_weights=False
    )
    return network


def _published(classes: int) -> nn.Module:
    network: nn.Module = blocks.Inception3(
        num_classes=classes,
        aux_logits=False,
        init_weights=False,
        inception_blocks=[
            blocks.BasicConv2d,
            _BlockA,
            blocks.InceptionB,
            _BlockC,
            blocks.InceptionD,
            _BlockE,
            blocks.InceptionAux,
        ],
    )
    network.Mixed_7c = _LastBlock(2048)
    return network


class _MeanWithoutPadding:
    """A block whose last branch takes the mean of the pixels there are."""

    def _forward(self, images: Tensor) -> list[Tensor]:
        *others, _ = super()._forward(images)  # type: ignore[misc]
        pooled = avg_pool2d(images, 3, stride=1, padding=1, count_include_pad=False)
        return [*others, self.branch_pool(pooled)]  # type: ignore[attr-defined]


class _BlockA(_MeanWithoutPadding, blocks.InceptionA):  # type: ignore[misc]
    pass


class _BlockC(_MeanWithoutPadding, blocks.InceptionC):  # type: ignore[misc]
    pass


class _BlockE(_MeanWithoutPadding, blocks.InceptionE):  # type: ignore[misc]
    pass


class _LastBlock(blocks.InceptionE):  # type: ignore[misc]
    """The published network takes a maximum there, by mistake or not."""

    def _forward(self, images: Tensor) -> list[Tensor]:
        *others, _ = super()._forward(images)
        return [*others, self.branch_pool(max_pool2d(images, 3, stride=1, padding=1))]
