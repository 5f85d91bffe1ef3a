"""Detection score: how sure a detector is that a generated image shows a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import get_model  # type: ignore[import-untyped]

from reid_core.backbones.weights import read_weights
from reid_core.keys import mismatch
from reid_gen.scoring.pairing import read_batches
from reid_gen.scoring.score import Score

__all__ = ["PersonDetector", "detection_score"]

_PERSON, _CLASSES = 1, (91, 2)


class PersonDetector:
    """A detector of torchvision, asked how surely there is a person.

    Args:
        name: such as ``fasterrcnn_mobilenet_v3_large_320_fpn``.
        weights: file of its weights, of COCO's 91 classes, or of 2: background and person.
        device: where to compute.

    Raises:
        ValueError: there is no such detector, or the file is not of one.
    """

    def __init__(self, name: str, weights: Path, *, device: torch.device | str = "cpu") -> None:
        found = read_weights(weights)
        self.name, self.device = name, torch.device(device)
        self._network = _fitting(name, found, weights).eval().to(self.device)

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """The surest person of each uint8 image (B, 3, H, W), float32 (B,); 0 where there is none.

        Boxes that the detector itself drops, mostly below 0.05, count as none.
        """
        found = self._network(list(images.to(self.device).float() / 255))
        best = [part["scores"][part["labels"] == _PERSON] for part in found]
        return torch.stack([torch.cat([each.cpu(), torch.zeros(1)]).max() for each in best])


def detection_score(
    files: Sequence[Path],
    detector: PersonDetector,
    *,
    size: tuple[int, int] = (128, 64),
    batch_size: int = 16,
    advance: Callable[[int], None] | None = None,
) -> Score:
    """The mean of the images' surest persons (Ma et al., Pose Guided Person Image Generation).

    Args:
        files: generated images.
        detector: who looks.
        size: to which images are resized first.
        batch_size: images at once.
        advance: called with the number of images just looked at.
    """
    parts = []
    for batch in read_batches(files, size=size, batch_size=batch_size):
        parts.append(detector(batch))
        if advance is not None:
            advance(len(batch))
    values = torch.cat(parts)
    none = int((values == 0).sum())
    how = f"{detector.name}, surest person at {size[0]}x{size[1]}; {none} images with none"
    return Score("detection", float(values.mean()), len(values), how)


def _fitting(name: str, weights: dict[str, Tensor], path: Path) -> nn.Module:
    problems = []
    for classes in _CLASSES:
        arguments: dict[str, Any] = {"weights": None, "weights_backbone": None}
        network: nn.Module = get_model(name, **arguments, num_classes=classes)
        problems.append(mismatch(network.state_dict(), weights))
        if not problems[-1]:
            # Not strictly: older files have no counters of batch normalisation; see `mismatch`.
            network.load_state_dict(weights, strict=False)
            return network
    raise ValueError(f"{path} does not fit {name} of 91 or 2 classes: {problems[0]}")
