"""What computes here: devices, and what runs networks on them."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from reid_core.doctor.parts import try_import
from reid_data.workers import usable_cores

__all__ = ["Device", "Runtime", "list_devices", "list_runtimes"]

_FAST_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclass(frozen=True)
class Device:
    """Something that torch computes on.

    Attributes:
        name: as ``--device`` takes it.
        what: model and abilities.
        memory_gb: of a GPU; none: the machine's.
    """

    name: str
    what: str
    memory_gb: float | None = None


@dataclass(frozen=True)
class Runtime:
    """Something that a verb can use, and whether it works.

    Attributes:
        name: what it is.
        works: whether it does.
        said: what it offers, or why it does not work.
    """

    name: str
    works: bool
    said: str


def list_devices() -> list[Device]:
    """The CPU, and every GPU that torch sees; the CPU alone without a torch that works."""
    devices = [Device("cpu", _processor())]
    if try_import("torch"):
        return devices
    import torch

    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        what = f"{about.name}, compute capability {about.major}.{about.minor}"
        devices.append(Device(f"cuda:{index}", what, round(about.total_memory / 2**30, 1)))
    return devices


def list_runtimes() -> list[Runtime]:
    """What runs exported networks, compiles, decodes JPEGs, and plugs in, each tried."""
    runtimes = [
        _tried("OpenVINO", "openvino", lambda: ", ".join(_openvino_devices())),
        _tried("ONNX Runtime", "onnxruntime", lambda: ", ".join(_onnx_providers())),
        _tried("faiss", "faiss", lambda: "exact and approximate search"),
        _tried("simplejpeg", "simplejpeg", lambda: "the fastest JPEG decoder"),
        _tried("OpenCV", "cv2", lambda: "the fastest resizing"),
        _tried("kornia", "kornia", lambda: "augmentation on the device"),
        _compiler(),
    ]
    for group in ("reid.embedders", "reid.clusterers"):
        for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
            said = try_import(entry.module)
            what = f"plugin {entry.name} of {group}"
            runtimes.append(Runtime(what, not said, said or entry.value))
    return runtimes


def _tried(name: str, module: str, describe: Callable[[], str]) -> Runtime:
    said = try_import(module)
    if said:
        return Runtime(name, works=False, said=said)
    try:
        return Runtime(name, works=True, said=describe())
    except Exception as error:  # strangers' code may raise anything
        return Runtime(name, works=False, said=" ".join(f"{type(error).__name__}: {error}".split()))


def _openvino_devices() -> list[str]:
    return [str(name) for name in import_module("openvino").Core().available_devices]


def _onnx_providers() -> list[str]:
    return [str(name) for name in import_module("onnxruntime").get_available_providers()]


def _compiler() -> Runtime:
    found = next(filter(None, map(shutil.which, ("g++", "clang++", "c++"))), None)
    said = found or "torch.compile needs a C++ compiler (g++) on the CPU"
    return Runtime("torch.compile", found is not None, said)


def _processor() -> str:
    model, flags = platform.processor() or platform.machine(), set[str]()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            model = value.strip()
        if key.strip() == "flags":
            flags = set(value.split())
    fast = [flag for flag in _FAST_FLAGS if flag in flags]
    return ", ".join((model, f"{usable_cores()} cores to use", *fast))
