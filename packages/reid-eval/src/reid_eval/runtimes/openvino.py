"""OpenVINO models, from files or from torch networks (extra ``openvino``)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from reid_data.console import one_line, require
from reid_eval.runtimes.runner import METADATA_KEY, ModelInput, in_batches_of

__all__ = ["OpenVinoRunner"]

_TYPES = {"u8": torch.uint8, "f32": torch.float32, "f16": torch.float16}


class OpenVinoRunner:
    """One OpenVINO model on the CPU, which answers parts of a batch side by side.

    Args:
        model: a file (``.xml`` with its ``.bin``), or a torch network that takes uint8 images.
        image_size: (height, width) with which a torch network is traced.
        precision: number format of the computation; the file's own is kept for what needs it.
        threads: threads that it may use.

    Attributes:
        input: the images that it takes.
        metadata: what the file carries under our key.

    Raises:
        ValueError: the file is no OpenVINO model, or takes something else than a batch of images.
        MissingExtraError: OpenVINO is not installed.
    """

    def __init__(
        self,
        model: Path | nn.Module,
        *,
        image_size: tuple[int, int] | None = None,
        precision: Literal["f32", "bf16"] = "f32",
        threads: int | None = None,
    ) -> None:
        require("openvino", extra="reid-eval[openvino]", for_what="an OpenVINO model")
        import openvino

        source = _read(model) if isinstance(model, Path) else _traced(model, image_size)
        self.input = _described(source, model)
        self.metadata: Mapping[str, Any] = _metadata(source)
        settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_NUM_THREADS": threads or torch.get_num_threads(),
        }
        compiled = openvino.Core().compile_model(source, "CPU", settings)
        streams = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        # One request a stream, each asked by one thread at a time.
        self._requests = [compiled.create_infer_request() for _ in range(max(1, streams))]

    def __call__(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W) of the input's type as float32 (B, D); first output only."""
        if self.input.batch_size is not None:
            return in_batches_of(self.input.batch_size, images, self._run)
        return self._run(images)

    def _run(self, images: Tensor) -> Tensor:
        pixels = images.contiguous().cpu().numpy()
        streams = len(self._requests)
        size = self.input.batch_size or -(-len(pixels) // streams)
        parts = [pixels[start : start + size] for start in range(0, len(pixels), size)]

        def infer(stream: int) -> list[Any]:
            request = self._requests[stream]
            return [
                np.array(request.infer({0: part})[0], np.float32) for part in parts[stream::streams]
            ]

        with ThreadPoolExecutor(streams) as pool:
            found = list(pool.map(infer, range(streams)))
        ordered = [found[place % streams][place // streams] for place in range(len(parts))]
        return torch.from_numpy(np.concatenate(ordered))


def _read(model: Path) -> Any:
    import openvino

    try:
        return openvino.Core().read_model(model)
    except RuntimeError as error:
        raise ValueError(
            f"{model} cannot be read as an OpenVINO model: {one_line(error)}"
        ) from error


def _traced(network: nn.Module, image_size: tuple[int, int] | None) -> Any:
    import openvino

    if image_size is None:
        raise ValueError("a torch network is traced with an image_size (height, width)")
    example = torch.zeros(2, 3, *image_size, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer warns of every shape check, which are constant for one image size.
        warnings.simplefilter("ignore")
        return openvino.convert_model(network, example_input=example, input=[(-1, 3, *image_size)])


def _described(source: Any, model: Path | nn.Module) -> ModelInput:
    inputs = source.inputs
    types = [part.get_element_type().get_type_name() for part in inputs]
    shapes = [part.get_partial_shape() for part in inputs]
    if len(inputs) != 1 or types[0] not in _TYPES or len(shapes[0]) != 4:
        said = ", ".join(f"{kind} {shape}" for kind, shape in zip(types, shapes, strict=True))
        raise ValueError(
            f"{model} takes {said}; expected one input (B, 3, H, W) of uint8 pixels or float images"
        )
    sizes = [size.get_length() if size.is_static else None for size in shapes[0]]
    height, width = sizes[2:]
    return ModelInput(
        dtype=_TYPES[types[0]],
        batch_size=sizes[0],
        image_size=None if height is None or width is None else (height, width),
    )


def _metadata(source: Any) -> dict[str, Any]:
    if not source.has_rt_info(METADATA_KEY):
        return {}
    found: dict[str, Any] = json.loads(source.get_rt_info(METADATA_KEY).astype(str))
    return found
