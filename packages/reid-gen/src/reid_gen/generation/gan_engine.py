"""The generator of a training: on disk, and as an engine that draws."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from reid_data.console import one_line
from reid_data.files import replacing
from reid_gen.generation.appearance import swap_parts
from reid_gen.generation.engine import INFO, WEIGHTS, DrawRequest, read_info
from reid_gen.generation.generator import PoseGenerator
from reid_gen.generation.hiding import hide_parts, rows_of
from reid_gen.generation.posed import PoseCanvas
from reid_gen.generation.recipe import ModelSection

__all__ = ["GanEngine", "as_pixels", "as_signal", "build_generator", "save_generator"]


def build_generator(model: ModelSection) -> PoseGenerator:
    """The generator of a recipe, with weights from torch's global generator."""
    return PoseGenerator(
        width=model.width,
        blocks=model.blocks,
        norm=model.norm,
        dropout=model.dropout,
        appearance=model.appearance,
        resize=model.resize,
    )


def as_signal(images: Tensor) -> Tensor:
    """Uint8 pixels as float32 in -1 .. 1."""
    return images.float() / 127.5 - 1


def as_pixels(drawn: Tensor) -> Tensor:
    """Float in -1 .. 1 as uint8 pixels."""
    return ((drawn.float() + 1) * 127.5).round().clamp(0, 255).byte()


def save_generator(
    network: PoseGenerator,
    folder: Path | str,
    *,
    model: ModelSection,
    image_size: tuple[int, int],
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write weights and description; each file appears whole or not at all."""
    target = Path(folder)
    rows = torch.contiguous_format
    plain = {
        name: tensor.detach().cpu().clone(memory_format=rows)
        for name, tensor in network.state_dict().items()
    }
    with replacing(target / WEIGHTS) as temporary:
        save_file(plain, temporary)
    info = {
        "format": "reid-gen generator",
        "engine": "gan",
        "image_size": list(image_size),
        "model": model.model_dump(mode="json"),
        **(metadata or {}),
    }
    with replacing(target / INFO) as temporary:
        temporary.write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")


class GanEngine:
    """Draws with a `PoseGenerator`; see `Engine`.

    Args:
        network: put into evaluation mode.
        canvas: how poses become maps.
        device: where it draws.
        fingerprint: of its weights.
    """

    def __init__(
        self,
        network: PoseGenerator,
        canvas: PoseCanvas,
        *,
        device: torch.device | str = "cpu",
        fingerprint: str = "",
    ) -> None:
        self._network = network.to(device).eval()
        self._canvas = canvas
        self._device = torch.device(device)
        self.fingerprint = fingerprint
        self.image_size = canvas.size
        self.changes_clothes = network.appearance is not None

    @classmethod
    def load(cls, folder: Path | str, *, device: torch.device | str = "cpu") -> GanEngine:
        """Read what `save_generator` wrote.

        Raises:
            ValueError: the folder holds no such generator, or it is damaged.
        """
        info, path = read_info(folder), Path(folder) / WEIGHTS
        try:
            model = ModelSection.model_validate(info["model"])
            height, width = (int(side) for side in info["image_size"])
            network = build_generator(model)
            network.load_state_dict(load_file(path))
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise ValueError(f"{folder} is damaged, train it again: {one_line(error)}") from error
        canvas = PoseCanvas((height, width), model.sigma)
        return cls(network, canvas, device=device, fingerprint=digest)

    @torch.inference_mode()
    def draw(self, request: DrawRequest) -> Tensor:
        """Draw; nothing is random here, so the seeds play no part.

        Raises:
            ValueError: images are of another size, or donors came and the generator knows no parts.
        """
        images, joints, targets = (
            tensor.to(self._device) for tensor in (request.images, request.joints, request.targets)
        )
        if tuple(images.shape[2:]) != self.image_size or images.dtype != torch.uint8:
            raise ValueError(
                f"expected uint8 (B, 3, {self.image_size[0]}, {self.image_size[1]}), came "
                f"{images.dtype} {tuple(images.shape)}"
            )
        signal = as_signal(images)
        maps = self._canvas.joints(joints), self._canvas.joints(targets)
        if not self.changes_clothes:
            if request.parts:
                raise ValueError(
                    "this generator knows no parts; train one with model.appearance=true to change "
                    "clothes"
                )
            return as_pixels(self._network(signal, *maps)).cpu()
        parts = self._canvas.parts(joints)
        codes = self._network.encode_appearance(signal, parts)
        if request.donors is not None and request.donor_joints is not None:
            donors = as_signal(request.donors.to(self._device))
            worn = self._canvas.parts(request.donor_joints.to(self._device))
            others = self._network.encode_appearance(donors, worn)
            codes = swap_parts(codes, others, parts=request.parts)
            hidden = rows_of(request.parts, count=len(signal), device=self._device)
            signal = hide_parts(signal, parts, hidden)
        drawn = self._network(signal, *maps, codes=codes, target_parts=self._canvas.parts(targets))
        return as_pixels(drawn).cpu()
