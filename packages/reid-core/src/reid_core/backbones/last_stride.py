"""Keep the resolution in the last stage: stride 1 where the published network has 2.

People are tall and thin and their crops are small, so re-ID keeps twice the usual resolution at
the end. timm's ``output_stride`` is something else: it dilates the convolutions that follow, to
keep what a pixel sees. Here the strides go and everything else stays.

The modules to change are found by running the network, not by their names: those that shrink
their input to the size of the final map. That covers the shortcuts too, convolution or pooling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from timm.layers import Conv2dSame  # type: ignore[attr-defined]
from torch import nn

from reid_core.backbones.backbone import Backbone
from reid_core.backbones.probe import Probe, Shrinking, Size, probe

__all__ = ["keep_last_resolution"]

_STAGE = re.compile(r".*?\d+(?=\.|$)")


def keep_last_resolution(backbone: Backbone, image_size: Size) -> Probe:
    """Change ``backbone`` in place so that its last stage does not shrink the map.

    All weights stay. A convolution whose padding would not keep the size pads as needed (one more
    at the right and bottom if its kernel is even). A pooling that could not keep the size, such
    as the 2x2 average in the shortcuts of ResNet-D, disappears, as it does in a network that is
    built with stride 1.

    Returns:
        What a run with ``image_size`` shows afterwards.

    Raises:
        ValueError: it cannot be done without changing what the network computes otherwise.
    """
    first = probe(backbone, image_size, gradients=False)
    shrinking = [step for step in first.strided if _shrinks_to(first.map_size, step)]
    if not shrinking:
        raise ValueError(_refusal("no convolution or pooling makes its last map smaller"))
    wanted, stage = shrinking[-1].before, _stage(shrinking[-1].name)
    every = {step.name: step for step in shrinking if step.before == wanted}
    # Attention may shrink its keys to the size that only the next stage has, so the modules of
    # the last stage are tried alone first; cells such as NASNet's do reach across stages.
    last = {name: step for name, step in every.items() if _stage(name) == stage}
    reason = ""
    for chosen in (last, every):
        originals = {name: backbone.get_submodule(name) for name in chosen}
        strides = {name: module.stride for name, module in originals.items()}
        try:
            after = _keep_sizes(backbone, chosen, image_size)
        except ValueError as error:
            reason = str(error)
        else:
            if after.map_size == wanted:
                return after
            reason = f"its map becomes {after.map_size}, not {wanted}"
        for name, original in originals.items():
            original.stride = strides[name]
            backbone.set_submodule(name, original)
    raise ValueError(_refusal(reason))


def _keep_sizes(backbone: Backbone, chosen: Mapping[str, Shrinking], image_size: Size) -> Probe:
    """Set the strides to 1, then mend what does not keep its size with that alone."""
    for name, step in chosen.items():
        module = backbone.get_submodule(name)
        module.stride = (1, 1)  # type: ignore[assignment]
        with torch.no_grad():
            kept = module(torch.zeros(1, step.channels, *step.before)).shape[2:] == step.before
        if not kept:
            backbone.set_submodule(name, _of_same_size(module))
    return probe(backbone, image_size)


def _of_same_size(module: Any) -> nn.Module:
    """What stands for a module with stride 1 whose padding does not fit its kernel."""
    if next(module.parameters(), None) is None:
        return nn.Identity()
    kind = type(module)
    if kind is not nn.Conv2d:
        raise ValueError(f"a {kind.__name__} would need another padding")
    padded: nn.Module = Conv2dSame(
        module.in_channels,
        module.out_channels,
        module.kernel_size,
        dilation=module.dilation,
        groups=module.groups,
        bias=False,
    )
    padded.weight, padded.bias = module.weight, module.bias
    return padded


def _shrinks_to(size: Size, step: Shrinking) -> bool:
    return step.after == size and step.before[0] > size[0] and step.before[1] > size[1]


def _refusal(reason: str) -> str:
    return f"its last stage cannot keep the resolution ({reason}); use last_stride=2"


def _stage(name: str) -> str:
    """The path of the stage that a module belongs to: up to the first number."""
    found = _STAGE.match(name)
    return found.group() if found else name.partition(".")[0]
