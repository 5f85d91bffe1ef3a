"""Run a backbone without computing anything, to see what comes out and what takes part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from reid_core.backbones.backbone import Backbone

__all__ = ["Probe", "Shrinking", "Size", "drop_idle", "probe", "run_on_meta"]

Size = tuple[int, int]
_BATCH = 3  # odd, so that windows cut for another map do not add up to whole images by chance
_REFUSALS = (RuntimeError, AssertionError, AttributeError, IndexError, TypeError, ValueError)


@dataclass(frozen=True)
class Shrinking:
    """A convolution or a pooling that was run: what went in, and the size of what came out."""

    name: str
    channels: int
    before: Size
    after: Size


@dataclass(frozen=True)
class Probe:
    """What a run has shown.

    Attributes:
        num_features: channels of the feature map.
        map_size: (height, width) of the feature map.
        strided: the strided modules, in the order in which they ran.
        idle: parameters from which no gradient flows, such as those of an unused classifier.
        unused: modules that were never called and hold nothing but idle parameters.
    """

    num_features: int
    map_size: Size
    strided: tuple[Shrinking, ...]
    idle: frozenset[str]
    unused: tuple[str, ...]


def run_on_meta(
    backbone: Backbone, image_size: Size, *, gradients: bool = False
) -> tuple[Any, dict[str, Tensor]]:
    """Run on torch's meta device, which knows shapes and gradient paths but no arithmetic.

    Returns:
        What ``backbone`` returns, and the stand-ins of its parameters by name.

    Raises:
        ValueError: the network refuses images of this size.
    """
    parameters, buffers = _stand_ins(backbone, gradients)
    images = torch.zeros(_BATCH, 3, *image_size, device="meta")
    was_training = backbone.training
    try:
        with torch.set_grad_enabled(gradients):
            found = functional_call(
                backbone.eval(), {**parameters, **buffers}, (images,), tie_weights=False
            )
    except _REFUSALS as error:
        height, width = image_size
        said = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"a run with images of {height}x{width} fails: {said}") from error
    finally:
        backbone.train(was_training)
    return found, parameters


def _stand_ins(backbone: Backbone, gradients: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Parameters and buffers of the same shapes on the meta device, by name.

    Each module is named once, also where a network holds one under several names: to swap it
    twice would leave the stand-ins in it. A parameter that several modules share has one.
    """
    by_parameter: dict[int, Tensor] = {}
    parameters: dict[str, Tensor] = {}
    buffers: dict[str, Tensor] = {}
    for outer, module in backbone.named_modules():
        prefix = f"{outer}." if outer else ""
        for name, value in module.named_parameters(recurse=False, remove_duplicate=False):
            meta = value.detach().to("meta").requires_grad_(gradients)
            parameters[prefix + name] = by_parameter.setdefault(id(value), meta)
        for name, value in module.named_buffers(recurse=False, remove_duplicate=False):
            buffers[prefix + name] = value.to("meta")
    return parameters, buffers


def probe(backbone: Backbone, image_size: Size, *, gradients: bool = True) -> Probe:
    """See what ``backbone`` does with images of ``image_size``; leaves it as it was.

    Args:
        backbone: any backbone.
        image_size: (height, width) in pixels.
        gradients: look for what takes no part, too; else nothing is reported as idle.

    Raises:
        ValueError: the network refuses images of this size, or returns no feature map.
    """
    strided: list[Shrinking] = []
    called: set[str] = set()
    hooks = [
        module.register_forward_hook(_recorder(name, strided, called))
        for name, module in backbone.named_modules()
    ]
    try:
        found, parameters = run_on_meta(backbone, image_size, gradients=gradients)
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(found, Tensor) or found.ndim != 4 or len(found) != _BATCH:
        came = tuple(found.shape) if isinstance(found, Tensor) else f"a {type(found).__name__}"
        raise ValueError(f"expected a feature map ({_BATCH}, C, H', W') from it, came {came}")
    idle = _idle(found, parameters) if gradients else frozenset()
    size = (found.shape[2], found.shape[3])
    return Probe(found.shape[1], size, tuple(strided), idle, _unused(backbone, called, idle))


def drop_idle(backbone: Backbone, seen: Probe) -> None:
    """Take out of ``backbone`` what takes no part, such as a classifier's own convolution.

    It would be saved, hashed and waited for: DistributedDataParallel refuses a parameter that
    gets no gradient. What cannot be taken out is frozen.
    """
    for name in seen.unused:
        backbone.set_submodule(name, nn.Identity())
    for name, parameter in backbone.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and name not in seen.idle)


def _idle(found: Tensor, parameters: dict[str, Tensor]) -> frozenset[str]:
    flowing = torch.autograd.grad(found.sum(), list(parameters.values()), allow_unused=True)
    pairs = zip(parameters, flowing, strict=True)
    return frozenset(name for name, gradient in pairs if gradient is None)


def _unused(backbone: Backbone, called: set[str], idle: frozenset[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name, module in backbone.named_modules():
        inner = [f"{name}.{key}" for key, _ in module.named_parameters()]
        inside = name.startswith(tuple(f"{outer}." for outer in found))
        if not name or not inner or inside or not idle.issuperset(inner):
            continue
        if not any(other == name or other.startswith(f"{name}.") for other in called):
            found.append(name)
    return tuple(found)


def _recorder(name: str, strided: list[Shrinking], called: set[str]) -> Callable[..., None]:
    def record(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        called.add(name)
        images = inputs[0] if inputs else None
        if not isinstance(images, Tensor) or not isinstance(output, Tensor):
            return
        has_stride = getattr(module, "stride", None) is not None and not any(module.children())
        if has_stride and images.ndim == output.ndim == 4:
            before, after = images.shape[2:], output.shape[2:]
            sizes = (before[0], before[1]), (after[0], after[1])
            strided.append(Shrinking(name, images.shape[1], *sizes))

    return record
