"""Lightning's Trainer as this project uses it, set up in one place for all packages."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.strategies import DDPStrategy, Strategy
from lightning.pytorch.utilities.exceptions import SIGTERMException
from lightning.pytorch.utilities.seed import isolate_rng

from reid_core.training.loop.sharding import Shares
from reid_data.files import replacing

__all__ = ["build_trainer", "training_environment"]


class _WholeFiles(TorchCheckpointIO):
    """Checkpoints that a kill leaves whole, read back without running anything that is in them."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        with replacing(Path(path)) as temporary:
            torch.save(checkpoint, temporary)

    def load_checkpoint(
        self,
        path: Any,
        map_location: Callable[..., Any] | None = None,
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state


def build_trainer(
    *,
    epochs: int,
    device: torch.device,
    precision: Literal["bf16", "fp32"] = "fp32",
    devices: int = 1,
    nodes: int = 1,
    validate_every: int | None = None,
    unused_parameters: bool = False,
    strategy: Literal["ddp", "fsdp"] = "ddp",
    reload_every_epoch: bool = False,
    callbacks: Sequence[Callback] = (),
    loggers: Sequence[Logger] = (),
) -> Trainer:
    """A Trainer that is deterministic, quiet, and leaves sampling to our rank-aware sampler.

    Args:
        epochs: passes over the training loader.
        device: where to train; with several devices only its type counts.
        precision: number format of the network.
        devices: processes on this machine, one a device.
        nodes: machines.
        validate_every: epochs between validations; none: never.
        unused_parameters: with several processes, whether a step may leave parameters out.
        strategy: with several processes, whether each holds the whole network (``ddp``) or a share
            of it (``fsdp``).
        reload_every_epoch: build the training loader anew for each epoch.
        callbacks: all that shall happen beside the training; progress bars and checkpoints too.
        loggers: where metrics go.
    """
    one = devices == nodes == 1
    chosen = [device.index] if one and device.index is not None else devices
    return Trainer(
        accelerator="gpu" if device.type == "cuda" else device.type,
        devices=chosen,
        num_nodes=nodes,
        strategy=_strategy(strategy, devices * nodes, unused_parameters=unused_parameters),
        precision="bf16-mixed" if precision == "bf16" else "32-true",
        max_epochs=epochs,
        check_val_every_n_epoch=validate_every or 1,
        limit_val_batches=1.0 if validate_every else 0,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        reload_dataloaders_every_n_epochs=int(reload_every_epoch),
        # On a GPU some operations have no deterministic form; those are then the only exceptions.
        deterministic="warn" if device.type == "cuda" else True,
        callbacks=list(callbacks),
        logger=list(loggers),
        plugins=[_WholeFiles()],
        # Without a callback that keeps something Lightning would add one of its own.
        enable_checkpointing=any(isinstance(callback, Checkpoint) for callback in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _strategy(name: str, processes: int, *, unused_parameters: bool) -> str | Strategy:
    if name == "fsdp":
        return Shares(processes)
    return "auto" if processes == 1 else DDPStrategy(find_unused_parameters=unused_parameters)


@contextmanager
def training_environment() -> Iterator[None]:
    """Run a training without its traces: global random state, switches, noise, signal handlers.

    Lightning talks about things a user here cannot act on, sets torch's global determinism
    switches, and turns an interrupt into exit code 1 and a termination into exit code 0.
    """
    determinism: Any = torch.utils.deterministic
    handler = signal.getsignal(signal.SIGINT)
    switches = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        determinism.fill_uninitialized_memory,
    )
    workspace = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    talkers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [talker.level for talker in talkers]
    try:
        for talker in talkers:
            talker.setLevel(logging.ERROR)
        # Nobody reads uninitialised memory here, and filling it costs time.
        determinism.fill_uninitialized_memory = False
        with isolate_rng(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=PossibleUserWarning)
            warnings.filterwarnings("ignore", module="lightning")
            warnings.filterwarnings("ignore", message=".* does not have a deterministic impl")
            yield
    except SIGTERMException as error:
        # Lightning would exit with 0, as if the training were finished.
        raise SystemExit(128 + signal.SIGTERM) from error
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)
        for talker, level in zip(talkers, levels, strict=True):
            talker.setLevel(level)
        torch.use_deterministic_algorithms(switches[0], warn_only=switches[1])
        torch.backends.cudnn.benchmark = switches[2]
        determinism.fill_uninitialized_memory = switches[3]
        if workspace is None:
            os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
