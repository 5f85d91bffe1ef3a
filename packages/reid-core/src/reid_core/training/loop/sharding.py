"""A network spread over processes: each holds a share of every weight (FSDP)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.strategies import ModelParallelStrategy, Strategy
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

__all__ = ["Shares", "spread", "whole"]


class Shares(ModelParallelStrategy):
    """Lightning's way to train a network of shares, with the checkpoints of one that is whole.

    A run can therefore be resumed with another number of processes, or without shares.

    Args:
        processes: that train together.
    """

    def __init__(self, processes: int) -> None:
        super().__init__(data_parallel_size=processes, tensor_parallel_size=1)

    @property
    def lightning_restore_optimizer(self) -> bool:
        """Whether Lightning is to hand the optimisers' states over."""
        return True

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """The module's state, put together."""
        return whole(_there(self.lightning_module).state_dict())

    def load_model_state_dict(self, checkpoint: Mapping[str, Any], strict: bool = True) -> None:
        """Let each process take its share."""
        options = StateDictOptions(full_state_dict=True, strict=strict)
        module, state = _there(self.lightning_module), checkpoint["state_dict"]
        set_model_state_dict(module, state, options=options)

    def optimizer_state(self, optimizer: Optimizer) -> dict[str, Any]:
        """An optimiser's state, put together."""
        state = getattr(optimizer, "_optimizer", optimizer).state_dict()
        values = {key: whole(value) for key, value in state["state"].items()}
        return {**state, "state": values}

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Let each process take its share of every optimiser's state."""
        for optimizer, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True):
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            values = {
                place: {name: _like(weights[place], value) for name, value in entries.items()}
                for place, entries in state["state"].items()
            }
            optimizer.load_state_dict({**state, "state": values})

    def save_checkpoint(
        self, checkpoint: dict[str, Any], filepath: Any, storage_options: Any | None = None
    ) -> None:
        """Write one file, as for a network that is whole."""
        Strategy.save_checkpoint(self, checkpoint, filepath, storage_options)

    def load_checkpoint(
        self, checkpoint_path: str | Path, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read the one file, on every process."""
        return Strategy.load_checkpoint(self, checkpoint_path, weights_only)


def spread(network: nn.ModuleDict, mesh: DeviceMesh) -> None:
    """Spread the weights of ``network["model"]`` and ``network["terms"]``, in place.

    The blocks of a ViT are put together for their own turn only; other weights from the first use
    of a step on. Gradients and the optimisers' states stay spread in any case.

    Args:
        network: a model and its terms, the same on every process.
        mesh: the processes, in one row.

    Raises:
        ValueError: a weight is one single number, or a term uses the classifier of another.
    """
    for name, term in network["terms"].items():  # type: ignore[operator]
        # A share is put together for the calls of its own term only.
        if getattr(term, "others", None):
            raise ValueError(
                f"loss.{name} uses weights of another term, which --strategy fsdp cannot share; "
                "use --strategy ddp"
            )
    for name, weight in network.named_parameters():
        if weight.ndim == 0:
            raise ValueError(f"{name} is a single number, which --strategy fsdp cannot share")
    # Shares are slices of rows, so weights must lie in rows.
    network.to(memory_format=torch.contiguous_format)
    model, terms = network["model"], network["terms"]
    for part in _blocks(model):
        fully_shard(part, mesh=mesh)
    for part in (model, *terms.children()):
        if any(True for _ in part.parameters()):
            fully_shard(part, mesh=mesh)


def whole(state: Mapping[str, Any]) -> dict[str, Any]:
    """Put the shares of a state together; every process must take part.

    Args:
        state: tensors by name; what is not shared is taken as it is.
    """
    return {
        name: value.full_tensor() if isinstance(value, DTensor) else value
        for name, value in state.items()
    }


def _blocks(model: nn.Module) -> list[nn.Module]:
    """The blocks of a ViT, which large models are made of."""
    rows = [row for name, row in model.named_modules() if name.rpartition(".")[2] == "blocks"]
    return [block for row in rows if isinstance(row, nn.Sequential) for block in row.children()]


def _like(weight: Tensor, value: Any) -> Any:
    """This process's share of a value, if it belongs to the places of a shared weight."""
    if not (isinstance(weight, DTensor) and isinstance(value, Tensor)):
        return value
    if value.shape != weight.shape:
        return value
    value = value.to(weight.device)
    return distribute_tensor(value, weight.device_mesh, weight.placements, src_data_rank=None)


def _there(module: nn.Module | None) -> nn.Module:
    if module is None:
        raise RuntimeError("Lightning has not connected its module yet")
    return module
