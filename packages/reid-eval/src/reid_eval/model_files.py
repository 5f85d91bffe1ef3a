"""Models that come as one file: ONNX, OpenVINO and exported torch programs."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reid_eval.runtimes import ExportedRunner, OnnxRunner, OpenVinoRunner, Runner

__all__ = ["FileEmbedder", "exported_files", "onnx_files", "openvino_files"]

_log = logging.getLogger(__name__)
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class FileEmbedder:
    """A network in a file, with what the file says of its images.

    A network that takes uint8 gets the pixels. One that takes floats gets
    ``(pixels / 255 - mean) / std``, with ``mean`` and ``std`` from the file's metadata, or from
    ``NAME.json`` beside it, or, with a warning, of ImageNet. ``image_size`` is looked for in the
    network's input first, then there.

    Args:
        path: the file.
        runner: the network.
        device: where the images shall be.

    Attributes:
        image_size: (height, width) in pixels of the images that it takes.
        embedding_size: D, the length of one embedding.
        fingerprint: of the model that the file was made from if it says so, else of its bytes.
        device: where the images must be.

    Raises:
        ValueError: the image size is nowhere said, or the network gives something else than one
            vector an image.
    """

    def __init__(self, path: Path, runner: Runner, *, device: torch.device) -> None:
        said = {**_sidecar(path), **runner.metadata}
        self.image_size = _image_size(path, runner, said)
        self.device = device
        self.fingerprint = str(said.get("fingerprint") or _digest(path))
        self._path, self._runner, self._said = path, runner, said
        self._scale: tuple[Tensor, Tensor] | None = None
        if runner.input.dtype != torch.uint8:
            self._scale = _normalisation(path, said, device)
        output = self(torch.zeros(1, 3, *self.image_size, dtype=torch.uint8, device=device))
        if output.ndim != 2 or len(output) != 1:
            raise ValueError(f"{path} must give (B, D), it gives {tuple(output.shape)} for B = 1")
        self.embedding_size = int(output.shape[1])

    def describe(self) -> dict[str, Any]:
        """Facts for people, as JSON knows them."""
        said = {key: value for key, value in self._said.items() if key != "fingerprint"}
        return {"name": self._path.name, "runtime": type(self._runner).__name__, **said}

    def __call__(self, images: Tensor) -> Tensor:
        """Embed uint8 RGB images (B, 3, H, W) as float32 (B, D)."""
        if self._scale is not None:
            scale, shift = self._scale
            images = torch.addcmul(shift, images.to(torch.float32), scale)
            images = images.to(self._runner.input.dtype)
        return self._runner(images)


class _Files:
    """Finds and loads files by their ending; what an entry point names."""

    def __init__(self, ending: str, load: Callable[[Path, torch.device], Runner]) -> None:
        self._ending, self._load = ending, load

    def claims(self, source: str) -> bool:
        """Whether ``source`` is a file of this kind."""
        return source.lower().endswith(self._ending) and Path(source).is_file()

    def load(self, source: str, *, device: torch.device) -> FileEmbedder:
        """Load the file, see `FileEmbedder`."""
        path = Path(source)
        return FileEmbedder(path, self._load(path, device), device=device)


def _load_openvino(path: Path, device: torch.device) -> Runner:
    if device.type != "cpu":
        raise ValueError(f"{path} runs on the CPU only; use --device cpu")
    return OpenVinoRunner(path)


onnx_files = _Files(".onnx", lambda path, device: OnnxRunner(path, device=device))
openvino_files = _Files(".xml", _load_openvino)
exported_files = _Files(".pt2", lambda path, device: ExportedRunner(path, device=device))


def _sidecar(path: Path) -> dict[str, Any]:
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return {}
    try:
        found = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{beside} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{beside} must hold one object, with image_size, mean and std")
    return found


def _image_size(path: Path, runner: Runner, said: Mapping[str, Any]) -> tuple[int, int]:
    size = runner.input.image_size or said.get("image_size")
    whole = isinstance(size, (list, tuple)) and len(size) == 2
    if not whole or not all(isinstance(edge, int) and edge > 0 for edge in size or ()):
        beside = path.with_suffix(".json").name
        raise ValueError(
            f"{path} does not say which image size it takes; write {beside} beside it, "
            'such as {"image_size": [256, 128]}'
        )
    height, width = size  # type: ignore[misc]
    return int(height), int(width)


def _normalisation(
    path: Path, said: Mapping[str, Any], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Scale and shift (1, 3, 1, 1) that turn pixels into what the network takes."""
    if "mean" not in said or "std" not in said:
        beside = path.with_suffix(".json").name
        _log.warning("%s: mean and std of ImageNet assumed; %s can say others", path, beside)
    values = [said.get(name, _IMAGENET[name]) for name in ("mean", "std")]
    try:
        mean, std = (
            torch.tensor(value, dtype=torch.float64).reshape(1, 3, 1, 1) for value in values
        )
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{path}: mean and std must be three numbers each, not {values}"
        ) from error
    return (1 / (255 * std)).float().to(device), (-mean / std).float().to(device)


def _digest(path: Path) -> str:
    """SHA-256 of the file, and of the weights that OpenVINO and ONNX may keep beside it."""
    digest = hashlib.sha256()
    beside = [path.with_suffix(".bin"), path.with_name(f"{path.name}.data")]
    for part in [path, *(other for other in beside if other.is_file())]:
        with part.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
