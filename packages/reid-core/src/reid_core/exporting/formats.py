"""The formats: how a network gets into a file of each, with what it says of itself."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

__all__ = ["Format", "Writer", "find_writer", "list_formats"]

Format = Literal["onnx", "openvino", "torch-export"]

_KEY = "reid"
"""Under which reid-eval's runtimes look for what a file says of its images."""
_INPUT, _OUTPUT = "images", "embeddings"


@dataclass(frozen=True)
class Writer:
    """How one format is written.

    Attributes:
        ending: of its files.
        modules: what must be installed to write and to run it.
        extra: that brings them.
        write: writes a network with uint8 example images (B, 3, H, W) and JSON-able facts.
    """

    ending: str
    modules: tuple[str, ...]
    extra: str
    write: Callable[[nn.Module, Tensor, Path, Mapping[str, Any]], None]


def list_formats() -> list[str]:
    """The formats that `export_model` writes.

    Examples:
        >>> list_formats()
        ['onnx', 'openvino', 'torch-export']
    """
    return list(get_args(Format))


def find_writer(name: Format) -> Writer:
    """How a format is written."""
    return _WRITERS[name]


def _write_onnx(network: nn.Module, example: Tensor, path: Path, facts: Mapping[str, Any]) -> None:
    with _quietly():
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            input_names=[_INPUT],
            output_names=[_OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch gave no ONNX program")
    program.model.metadata_props[_KEY] = json.dumps(facts)
    program.save(path)


def _write_openvino(
    network: nn.Module, example: Tensor, path: Path, facts: Mapping[str, Any]
) -> None:
    import openvino

    with _quietly(), torch.no_grad():
        model = openvino.convert_model(
            network, example_input=example, input=[(-1, *example.shape[1:])]
        )
    model.inputs[0].set_names({_INPUT})
    model.outputs[0].set_names({_OUTPUT})
    model.set_rt_info(json.dumps(facts), _KEY)
    # Half precision is the default here, and costs parity.
    openvino.save_model(model, path, compress_to_fp16=False)


def _write_exported(
    network: nn.Module, example: Tensor, path: Path, facts: Mapping[str, Any]
) -> None:
    with _quietly(), torch.no_grad():
        program = torch.export.export(
            network, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},)
        )
        torch.export.save(program, path, extra_files={f"{_KEY}.json": json.dumps(facts)})


@contextmanager
def _quietly() -> Iterator[None]:
    """Exporters warn of every shape check, which are constant for one image size; some print."""
    talkers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [talker.level for talker in talkers]
    try:
        for talker in talkers:
            talker.setLevel(logging.ERROR)
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for talker, level in zip(talkers, levels, strict=True):
            talker.setLevel(level)


_WRITERS: dict[Format, Writer] = {
    "onnx": Writer(".onnx", ("onnx", "onnxscript", "onnxruntime"), "reid-core[onnx]", _write_onnx),
    "openvino": Writer(".xml", ("openvino",), "reid-core[openvino]", _write_openvino),
    "torch-export": Writer(".pt2", (), "reid-core[train]", _write_exported),
}
