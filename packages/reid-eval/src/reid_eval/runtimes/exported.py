"""Programs that ``torch.export.save`` wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reid_data.console import one_line
from reid_eval.runtimes.runner import METADATA_KEY, ModelInput, in_batches_of

__all__ = ["ExportedRunner"]


class ExportedRunner:
    """One exported torch program.

    Args:
        model: the ``.pt2`` file.
        device: where it shall run.

    Attributes:
        input: the images that it takes.
        metadata: what the file carries under our key.

    Raises:
        ValueError: the file is no exported program, or takes something else than one batch of
            images.
    """

    def __init__(self, model: Path, *, device: torch.device) -> None:
        extra = {f"{METADATA_KEY}.json": ""}
        try:
            program = torch.export.load(model, extra_files=extra)
        except Exception as error:  # zip, pickle and version errors share no base class
            raise ValueError(
                f"{model} cannot be read as an exported program: {one_line(error)}"
            ) from error
        self.input = _described(program, model)
        self.metadata: Mapping[str, Any] = json.loads(extra[f"{METADATA_KEY}.json"] or "{}")
        self._device = device
        self._module = program.module().to(device)

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W) of the input's type as float32 (B, D); first output only."""

        def run(batch: Tensor) -> Tensor:
            found = self._module(batch.to(self._device))
            output: Tensor = found if isinstance(found, Tensor) else found[0]
            return output.float()

        return in_batches_of(self.input.batch_size, images, run)


def _described(program: Any, model: Path) -> ModelInput:
    names = program.graph_signature.user_inputs
    nodes = [node for node in program.graph.nodes if node.op == "placeholder"]
    values = [node.meta["val"] for node in nodes if node.name in names]
    if len(values) != 1 or values[0].ndim != 4:
        said = ", ".join(f"{value.dtype} {tuple(value.shape)}" for value in values)
        raise ValueError(f"{model} takes {said}; expected one input (B, 3, H, W)")
    sizes = [size if isinstance(size, int) else None for size in values[0].shape]
    height, width = sizes[2:]
    return ModelInput(
        dtype=values[0].dtype,
        batch_size=sizes[0],
        image_size=None if height is None or width is None else (height, width),
    )
