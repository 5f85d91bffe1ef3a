"""The one training loop: a network, named loss terms, and the optimisers that they ask for."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor, nn

from reid_core.models import ReidModel, ReidOutput
from reid_core.training.data.clip_batches import as_batch
from reid_core.training.data.streams import BatchChange, Sees, Step, Stream, as_step, images_of
from reid_core.training.loop.accumulation import share_of
from reid_core.training.loop.averaging import Average
from reid_core.training.loop.criterion import Criterion
from reid_core.training.loop.finite import FiniteGuard
from reid_core.training.loop.parameters import (
    Freeze,
    apply_freezes,
    check_patterns,
    named_parameters,
)
from reid_core.training.loop.passing import run_model
from reid_core.training.loop.sharding import spread
from reid_core.training.loop.validation import Validation
from reid_core.training.terms import Term
from reid_data import Batch, ClipBatch

__all__ = ["ReidModule"]

OptimizerFactory = Callable[[Mapping[str, nn.Parameter]], torch.optim.Optimizer]


class ReidModule(lightning.LightningModule):
    """Trains a network with a weighted sum of terms.

    Each batch gives every active term that sees its data set, in float32 on the same output; they
    are added up by weight, over both batches of a step where there are two data sets. Once the
    gradients of enough steps are together, the main optimiser and the terms' own ones step.
    Everything random derives from the seed and the epoch, so that a resumed training repeats what
    the uninterrupted one would have done.

    Args:
        model: the network.
        terms: loss terms by the names under which they are logged.
        optimizer: builds the main optimiser from the parameters, by the names that
            `named_parameters` gives them, that no term keeps for itself.
        seed: seed of dropout and the like.
        learning_rate_factor: factor on the main learning rate in an epoch, counted from 0.
        start_epochs: see `Criterion`, as for the next three.
        gather: terms that see the rows of all processes.
        sees: whose batches a term sees.
        second_label: where the labels of the second data set begin.
        mixed: the network sees both batches of a step as one.
        accumulate: batches of one step.
        clip_norm: largest norm of the main optimiser's gradient, if any.
        freezes: parameters that stay as they are.
        average: builds the average of the network and the terms that is validated and kept, if any.
        changes: what happens to the batches of a data set on their device, such as `LowResolution`.
        channels_last: memory order of the network and its images.
        validation: what to measure with the validation loader's embeddings, if there is one.
        paths: of the training images of each data set, by the ``indices`` of a batch, to name those
            of a batch that went wrong.
    """

    def __init__(
        self,
        model: ReidModel,
        terms: Mapping[str, Term],
        *,
        optimizer: OptimizerFactory,
        seed: int,
        learning_rate_factor: Callable[[int], float] = lambda _: 1.0,
        start_epochs: Mapping[str, int] | None = None,
        gather: Mapping[str, bool] | None = None,
        sees: Mapping[str, Sees] | None = None,
        second_label: int = 0,
        mixed: bool = False,
        accumulate: int = 1,
        clip_norm: float | None = None,
        freezes: Sequence[Freeze] = (),
        average: Callable[[nn.Module], Average] | None = None,
        changes: Mapping[Stream, BatchChange] | None = None,
        channels_last: bool = True,
        validation: Validation | None = None,
        paths: Mapping[Stream, Mapping[int, str]] | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self._layout = torch.channels_last if channels_last else torch.contiguous_format
        network = nn.ModuleDict({"model": model, "terms": nn.ModuleDict(dict(terms))})
        self.network = network.to(memory_format=self._layout)
        patterns = [freeze.parameters for freeze in freezes]
        check_patterns(patterns, named_parameters(self.network), key="optimizer.freeze")
        # What never learns is known to the optimiser and to every process from the beginning.
        forever = [freeze for freeze in freezes if freeze.until is None]
        apply_freezes(self.network, forever, epoch=0)
        self.average = None if average is None else average(self.network)
        self._terms = dict(terms)
        self._build_optimizer = optimizer
        self._seed = seed
        self._learning_rate_factor = learning_rate_factor
        self._criterion = Criterion(
            terms,
            start_epochs=start_epochs,
            gather=gather,
            sees=sees,
            second_label=second_label,
            mixed=mixed,
        )
        self._accumulate = accumulate
        self._clip_norm = clip_norm
        self._freezes = tuple(freezes)
        self._changes = dict(changes or {})
        self._validation = validation
        self._guard = FiniteGuard(paths)
        self._embeddings: list[Tensor] = []
        self._rows: list[Tensor] = []

    @property
    def trained(self) -> tuple[ReidModel, dict[str, Tensor]]:
        """The network to keep, averaged if that has begun, and its terms' state by name."""
        network = self._kept
        return network["model"], network["terms"].state_dict()  # type: ignore[return-value]

    @property
    def terms(self) -> dict[str, Term]:
        """The loss terms by name."""
        return dict(self._terms)

    @property
    def _kept(self) -> nn.ModuleDict:
        if self.average is None or not self.average.begun:
            return self.network
        averaged: nn.ModuleDict = self.average.module  # type: ignore[assignment]
        return averaged

    def forward(self, images: Tensor, camids: Tensor | None = None) -> ReidOutput:
        """Output for uint8 images (B, 3, H, W) or clips (B, T, 3, H, W)."""
        return self._run(self.network["model"], images, camids)

    def configure_model(self) -> None:
        """Spread the weights over the processes, where the strategy wants that."""
        if self.device_mesh is not None:
            spread(self.network, self.device_mesh["data_parallel"])

    def share_buffers(self) -> None:
        """Give every process the batch statistics of the first; between steps they differ."""
        if self.trainer.world_size > 1:
            for buffer in self.buffers():
                torch.distributed.broadcast(buffer, src=0)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The main optimiser first, then the terms' own, in the order of the terms."""
        own = [term.own_optimizer() for term in self._terms.values()]
        others = [optimizer for optimizer in own if optimizer is not None]
        taken = {id(weight) for optimizer in others for weight in _weights(optimizer)}
        main = {
            name: weight
            for name, weight in named_parameters(self.network).items()
            if weight.requires_grad and id(weight) not in taken
        }
        return [self._build_optimizer(main), *others]

    def transfer_batch_to_device(
        self,
        batch: Batch | ClipBatch | Mapping[Stream, Batch | ClipBatch],
        device: torch.device,
        dataloader_idx: int,
    ) -> Batch | Step:
        """Copy without waiting, which pinned batches allow."""
        if isinstance(batch, Mapping):
            return {
                stream: as_batch(part).to(device, non_blocking=True)
                for stream, part in batch.items()
            }
        return as_batch(batch).to(device, non_blocking=True)

    def on_train_epoch_start(self) -> None:
        """Set the learning rates of the epoch and what learns in it."""
        factor = self._learning_rate_factor(self.current_epoch)
        for group in _optimizers(self)[0].param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor
        apply_freezes(self.network, self._freezes, epoch=self.current_epoch)

    def on_train_batch_start(self, batch: Batch | Step, batch_idx: int) -> None:
        """Seed the epoch."""
        # Not earlier, for the loader draws a number as well, in a resumed run at another time.
        if batch_idx == 0:
            key = (self._seed, self.current_epoch, self.global_rank)
            torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))

    def training_step(self, batch: Batch | Step, batch_idx: int) -> None:
        """The gradient of one step's batches; every optimiser steps where they complete one."""
        step = self._changed(as_step(batch), batch_idx)
        losses = self._criterion(
            step, lambda part: self(part.images, part.camids), epoch=self.current_epoch
        )
        total = torch.stack([self._terms[name].weight * loss for name, loss in losses]).sum()
        where = f"epoch {self.current_epoch + 1}, batch {batch_idx + 1}"
        rows = {stream: part.indices for stream, part in step.items()}
        self._guard.watch(total, rows, where=where)
        self._learn(total, batch_idx)
        for name, value in [("loss", total)] + [(f"loss/{name}", loss) for name, loss in losses]:
            self.log(name, value.detach(), **_EACH_EPOCH, batch_size=images_of(step))

    def on_validation_epoch_start(self) -> None:
        """Let every process validate one network: batch statistics are those of the first."""
        self._guard.settle()
        self.share_buffers()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Embed one batch with the network that would be kept."""
        if self._validation is None:
            return
        rows = self._validation.rows(
            batch.indices, rank=self.global_rank, processes=self.trainer.world_size
        )
        images = self._validation.reduced(batch.images, rows)
        output = self._run(self._kept["model"], images, batch.camids)
        self._embeddings.append(output.embedding.float())
        self._rows.append(rows)

    def on_validation_epoch_end(self) -> None:
        """Measure retrieval among the held-out identities."""
        if self._validation is None:
            return
        report = self._validation.report(torch.cat(self._embeddings), torch.cat(self._rows))
        self._embeddings, self._rows = [], []
        values = {"mAP": report.mAP, "Rank-1": report.rank(1), "mINP": report.mINP}
        for name, value in values.items():
            # The same on every process, for each has gathered all embeddings.
            self.log(name, _exact(value), on_epoch=True, batch_size=1)

    def on_train_epoch_end(self) -> None:
        """Log the learning rate; stop where the loss is no number any more."""
        self._guard.settle()
        self.log("lr", _exact(_optimizers(self)[0].param_groups[0]["lr"]))

    def _learn(self, total: Tensor, batch_idx: int) -> None:
        """Add the gradient of a batch; step where the step is complete."""
        batches = int(self.trainer.num_training_batches)
        share = share_of(batch_idx, batches=batches, accumulate=self._accumulate)
        optimizers = _optimizers(self)
        if share.first:
            for optimizer in optimizers:
                optimizer.zero_grad()
        # What an operation forward computed in is settled; of the losses' own products autocast
        # would round the backward ones too.
        with torch.autocast(total.device.type, enabled=False):
            self.manual_backward(total * share.factor if share.factor != 1 else total)
        if not share.last:
            return
        if self._clip_norm is not None:
            nn.utils.clip_grad_norm_(list(_weights(optimizers[0])), self._clip_norm)
        for optimizer in optimizers:
            optimizer.step()
        if self.average is not None:
            self.average.after_step(
                self.network, epoch=self.current_epoch, ends_epoch=batch_idx + 1 == batches
            )

    def _changed(self, step: Step, batch_idx: int) -> Step:
        """The batches after what happens to them on their device."""
        key = (self._seed, self.current_epoch, self.global_rank, batch_idx)
        seeds: dict[Stream, tuple[int, ...]] = {"first": key, "second": (*key, 1)}
        changes = self._changes
        return {
            stream: changes[stream].apply(part, seed=seeds[stream]) if stream in changes else part
            for stream, part in step.items()
        }

    def _run(self, model: nn.Module, images: Tensor, camids: Tensor | None) -> ReidOutput:
        return run_model(model, images, camids=camids, layout=self._layout)


_EACH_EPOCH: dict[str, Any] = {"on_step": False, "on_epoch": True, "sync_dist": True}


def _exact(value: float) -> Tensor:
    """Lightning rounds plain numbers to float32."""
    return torch.tensor(value, dtype=torch.float64)


def _optimizers(module: lightning.LightningModule) -> Sequence[Any]:
    """Lightning's wrapped optimisers, always as a sequence."""
    found = module.optimizers()
    return found if isinstance(found, list) else [found]


def _weights(optimizer: Any) -> Iterable[nn.Parameter]:
    return (weight for group in optimizer.param_groups for weight in group["params"])
