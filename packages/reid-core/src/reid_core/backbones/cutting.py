"""Cut a convolutional backbone in two behind one of its stages.

Nothing is rebuilt: in each half the modules of the other become empty sequences, which hand on what
they get. So it works for every network whose stages follow one another, and whether it does is
checked by running both.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from reid_core.backbones.backbone import Backbone
from reid_core.backbones.resnet import ResNet

__all__ = ["cut", "stage_ends"]


def stage_ends(backbone: Backbone) -> tuple[str, ...]:
    """Names of the modules with which the stages of a backbone end, in their order.

    Raises:
        ValueError: it does not say where its stages are.

    Examples:
        >>> from reid_core.backbones import create_backbone
        >>> stage_ends(create_backbone("reid:resnet18", image_size=(64, 32)))
        ('maxpool', 'layer1', 'layer2', 'layer3', 'layer4')
    """
    if isinstance(backbone, ResNet):
        return ("maxpool", "layer1", "layer2", "layer3", "layer4")
    network: Any = getattr(backbone, "network", None)
    found = [str(stage["module"]) for stage in getattr(network, "feature_info", ()) or ()]
    known = dict(backbone.named_modules())
    names = tuple(f"network.{name}" for name in found)
    if backbone.of_tokens or len(names) < 2 or any(name not in known for name in names):
        raise ValueError("it does not say where its stages end; choose a CNN of timm or reid")
    return names


@torch.no_grad()
def cut(backbone: Backbone, behind: str, sample: Tensor) -> tuple[Backbone, Backbone]:
    """The backbone up to a module and from there on; one after the other are the whole.

    Args:
        backbone: left as it is; the halves are copies.
        behind: name of a module.
        sample: what to try it with: images (B, 3, H, W), or maps where it is such a half already.

    Returns:
        The half up to the module, and the one behind it, which takes the maps of the first.

    Raises:
        ValueError: the halves do not make the whole.
    """
    was_training = backbone.training
    backbone.eval()
    try:
        expected, before = _run(backbone, behind, sample)
        halves = copy.deepcopy(backbone), copy.deepcopy(backbone)
        for half, is_first in zip(halves, (True, False), strict=True):
            for name in _outermost(half, before, wanted=not is_first):
                half.set_submodule(name, nn.Sequential())
        try:
            got = halves[1](halves[0](sample))
        # What a network does with a half of itself may fail in any way.
        except Exception as error:
            raise ValueError(_REFUSAL.format(behind)) from error
        if got.shape != expected.shape or not torch.allclose(got, expected, rtol=1e-4):
            raise ValueError(_REFUSAL.format(behind))
    finally:
        backbone.train(was_training)
    for half in halves:
        half.train(was_training)
    return halves


_REFUSAL = "it cannot be cut behind {}: its parts do not follow one another; choose another CNN"


def _run(backbone: Backbone, behind: str, sample: Tensor) -> tuple[Tensor, dict[str, set[bool]]]:
    """The map, and for each module that ran whether that was up to the cut, behind it, or both."""
    ran: dict[str, set[bool]] = {}
    reached = False

    def recorder(name: str) -> Any:
        def record(*_: Any) -> None:
            nonlocal reached
            ran.setdefault(name, set()).add(not reached)
            reached = reached or name == behind

        return record

    hooks = [
        module.register_forward_hook(recorder(name))
        for name, module in backbone.named_modules()
        if name
    ]
    try:
        return backbone(sample), ran
    finally:
        for hook in hooks:
            hook.remove()


def _outermost(half: nn.Module, ran: dict[str, set[bool]], *, wanted: bool) -> list[str]:
    """The largest modules of which everything ran on one side of the cut only.

    Modules that never ran stay where they are.
    """

    def inside(name: str) -> Iterator[set[bool]]:
        return (
            sides
            for other, sides in ran.items()
            # What holds others counts by them: it ends only after they do.
            if (other == name or other.startswith(f"{name}.")) and _is_leaf(half, other)
        )

    found: list[str] = []
    for name, _ in half.named_modules():
        if not name or name.startswith(tuple(f"{outer}." for outer in found)):
            continue
        sides: set[bool] = set().union(*inside(name))
        if sides == {wanted}:
            found.append(name)
    return found


def _is_leaf(half: nn.Module, name: str) -> bool:
    return not any(half.get_submodule(name).children())
