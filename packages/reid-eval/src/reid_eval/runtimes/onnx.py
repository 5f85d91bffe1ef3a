"""ONNX files through ONNX Runtime (extra ``onnx``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reid_data.console import one_line, require
from reid_eval.runtimes.runner import METADATA_KEY, ModelInput, in_batches_of

__all__ = ["OnnxRunner"]

_TYPES = {
    "tensor(uint8)": torch.uint8,
    "tensor(float)": torch.float32,
    "tensor(float16)": torch.float16,
}


class OnnxRunner:
    """One ONNX model.

    Args:
        model: the file.
        device: ``cpu``, or ``cuda`` where ONNX Runtime was built for it.
        threads: threads of one operation; None leaves it to the runtime.

    Attributes:
        input: the images that it takes.
        metadata: what the file carries under our key.

    Raises:
        ValueError: the file is no ONNX model, or takes something else than one batch of images.
        MissingExtraError: ONNX Runtime is not installed.
    """

    def __init__(self, model: Path, *, device: torch.device, threads: int | None = None) -> None:
        require("onnxruntime", extra="reid-eval[onnx]", for_what="an .onnx model")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        if device.type == "cuda":
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=providers)
        except Exception as error:  # the runtime's own exceptions share no base class
            raise ValueError(
                f"{model} cannot be read as an ONNX model: {one_line(error)}"
            ) from error
        self.input = _described(self._session.get_inputs(), model)
        self._name = self._session.get_inputs()[0].name
        properties = self._session.get_modelmeta().custom_metadata_map
        self.metadata: Mapping[str, Any] = json.loads(properties.get(METADATA_KEY, "{}"))

    def __call__(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W) of the input's type as float32 (B, D); first output only."""

        def run(batch: Tensor) -> Tensor:
            feed = {self._name: batch.contiguous().cpu().numpy()}
            return torch.from_numpy(self._session.run(None, feed)[0]).float()

        return in_batches_of(self.input.batch_size, images, run)


def _described(inputs: list[Any], model: Path) -> ModelInput:
    said = ", ".join(f"{part.name} {part.type} {part.shape}" for part in inputs)
    if len(inputs) != 1 or inputs[0].type not in _TYPES or len(inputs[0].shape) != 4:
        raise ValueError(
            f"{model} takes {said}; expected one input (B, 3, H, W) of uint8 pixels or float images"
        )
    # A dimension that is left open is named, or has no name.
    sizes = [size if isinstance(size, int) else None for size in inputs[0].shape]
    height, width = sizes[2:]
    return ModelInput(
        dtype=_TYPES[inputs[0].type],
        batch_size=sizes[0],
        image_size=None if height is None or width is None else (height, width),
    )
