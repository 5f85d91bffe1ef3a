"""The detectors of torchvision, with weights from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import (  # type: ignore[import-untyped]
    detection,
    get_model,
    list_models,
)

from reid_attr.video.detections import Detections
from reid_core.backbones.weights import read_weights
from reid_core.keys import mismatch
from reid_data.videos import VideoFrame, VideoInfo

__all__ = ["TorchvisionDetector", "torchvision_detectors"]

_PERSON = 1
_CLASSES = (91, 2)
"""How many classes, background included: COCO's, or a person and nothing else."""


def torchvision_detectors() -> list[str]:
    """Their names, sorted."""
    found: list[str] = sorted(list_models(module=detection))
    return found


class TorchvisionDetector:
    """Finds people by a network of torchvision.

    Args:
        name: one of `torchvision_detectors`.
        weights: file of its weights, of COCO's 91 classes or of 2 (background and person); class 1
            is the person. torchvision's own are such files.
        device: where to compute.
        least_score: below it, boxes are left out.

    Raises:
        ValueError: the weights cannot be read, or are another network's.
    """

    def __init__(
        self,
        name: str,
        weights: Path,
        *,
        device: torch.device | str = "cpu",
        least_score: float = 0.1,
    ) -> None:
        self._device, self._least = torch.device(device), least_score
        self._network = _loaded(name, weights).eval().to(self._device)

    def begin(self, clip: VideoInfo) -> None:
        """Any clip will do."""

    def end(self, frames: int) -> None:
        """Nothing to do."""

    @torch.inference_mode()
    def detect(self, frames: Sequence[VideoFrame]) -> list[Detections]:
        """The people of each frame, which go through the network together."""
        images = [
            torch.from_numpy(frame.pixels).to(self._device).permute(2, 0, 1).float() / 255
            for frame in frames
        ]
        return [self._people(found) for found in self._network(images)] if images else []

    def _people(self, found: dict[str, Tensor]) -> Detections:
        kept = (found["labels"] == _PERSON) & (found["scores"] >= self._least)
        boxes = found["boxes"][kept].cpu().numpy().astype(np.float32)
        return Detections(boxes, found["scores"][kept].cpu().numpy().astype(np.float32))


def _loaded(name: str, path: Path) -> nn.Module:
    weights = read_weights(path)
    problem = ""
    for classes in _CLASSES:
        arguments: dict[str, Any] = {"weights": None, "weights_backbone": None}
        network: nn.Module = get_model(name, **arguments, num_classes=classes)
        reason = mismatch(network.state_dict(), weights)
        if not reason:
            # Not strictly: older files have no counters of batch normalisation; see `mismatch`.
            network.load_state_dict(weights, strict=False)
            return network
        problem = problem or reason
    raise ValueError(
        f"{path} does not fit {name} with {' or '.join(map(str, _CLASSES))} classes: {problem}"
    )
