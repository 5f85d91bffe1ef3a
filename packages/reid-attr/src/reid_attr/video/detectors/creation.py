"""Detectors by name."""

from __future__ import annotations

from pathlib import Path

import torch

from reid_attr.video.detections import Detector
from reid_attr.video.detectors.onnx_file import OnnxLayout
from reid_core.registry import nearest

__all__ = ["create_detector", "list_detectors"]

_OWN = {"boxes": "a .txt (MOT) or .csv file of boxes", "onnx": "an .onnx file"}


def list_detectors() -> list[str]:
    """All names: ``boxes``, ``hog``, ``onnx``, and torchvision's detectors."""
    from reid_attr.video.detectors.torchvision_models import torchvision_detectors

    return ["boxes", "hog", "onnx", *torchvision_detectors()]


def create_detector(
    name: str,
    file: Path | None = None,
    *,
    device: torch.device | str = "cpu",
    least_score: float | None = None,
    layout: OnnxLayout | None = None,
) -> Detector:
    """A detector by name.

    Args:
        name: one of `list_detectors`.
        file: the boxes, the ONNX file, or the weights of a network of torchvision.
        device: where to compute.
        least_score: below it, boxes are left out; by default what suits the detector.
        layout: of an ONNX file's output; guessed by default.

    Raises:
        ValueError: the name is unknown (the nearest is said), the file is missing, cannot be read,
            or is not needed.
        MissingExtraError: what it needs is not installed.
    """
    known = list_detectors()
    if name not in known:
        hint = "".join(f"did you mean {near!r}? " for near in nearest(name, known, count=1))
        raise ValueError(f"unknown detector {name!r}; {hint}Known: {', '.join(known)}")
    if layout is not None and name != "onnx":
        raise ValueError(f"the detector {name} has no layout; only onnx has")
    score = {} if least_score is None else {"least_score": least_score}
    if name == "hog":
        from reid_attr.video.detectors.hog import HogDetector

        if file is not None:
            raise ValueError(f"the detector hog needs no file; leave out {file}")
        return HogDetector(**score)
    if file is None:
        needed = _OWN.get(name, "the file of its weights")
        raise ValueError(f"the detector {name} needs {needed}; name it with --detector-file")
    if name == "boxes":
        from reid_attr.video.detectors.given import GivenBoxes

        return GivenBoxes(file)
    if name == "onnx":
        from reid_attr.video.detectors.onnx_file import OnnxDetector

        return OnnxDetector(file, layout=layout, device=device, **score)
    from reid_attr.video.detectors.torchvision_models import TorchvisionDetector

    return TorchvisionDetector(name, file, device=device, **score)
