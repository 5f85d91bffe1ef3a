"""The one training loop: a network, named loss terms, and the optimisers that they ask for."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from reid_core.models import ReidModel, ReidOutput
from reid_core.training.terms import Term
from reid_core.training.validation import Validation
from reid_data import Batch

__all__ = ["ReidModule"]

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


class ReidModule(lightning.LightningModule):
    """Trains a network with a weighted sum of terms.

    Each step computes every active term in float32 on the same output, adds them up by weight, and
    steps the main optimiser and the terms' own ones. Everything random derives from the seed and
    the epoch, so that a resumed training repeats what the uninterrupted one would have done.

    Args:
        model: the network.
        terms: loss terms by the names under which they are logged.
        optimizer: builds the main optimiser from the parameters that no term keeps for itself.
        seed: seed of dropout and the like.
        learning_rate_factor: factor on the main learning rate in an epoch, counted from 0.
        start_epochs: first epoch in which a term counts; 0 where not given.
        clip_norm: largest norm of the main optimiser's gradient, if any.
        ema_decay: keep an exponential moving average of network and terms, if given.
        channels_last: memory order of the network and its images.
        validation: what to measure with the validation loader's embeddings, if there is one.
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
        clip_norm: float | None = None,
        ema_decay: float | None = None,
        channels_last: bool = True,
        validation: Validation | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        layout = torch.channels_last if channels_last else torch.contiguous_format
        network = nn.ModuleDict({"model": model, "terms": nn.ModuleDict(dict(terms))})
        self.network = network.to(memory_format=layout)
        self.average: AveragedModel | None = None
        if ema_decay is not None:
            average = get_ema_multi_avg_fn(ema_decay)  # type: ignore[no-untyped-call]
            self.average = AveragedModel(network, multi_avg_fn=average, use_buffers=True)
            self.average.requires_grad_(False)
        self._terms = dict(terms)
        self._layout = layout
        self._build_optimizer = optimizer
        self._seed = seed
        self._learning_rate_factor = learning_rate_factor
        self._start_epochs = dict(start_epochs or {})
        self._clip_norm = clip_norm
        self._validation = validation
        self._embeddings: list[Tensor] = []
        self._rows: list[Tensor] = []

    @property
    def trained(self) -> tuple[ReidModel, dict[str, Tensor]]:
        """The network to keep, averaged if that was asked for, and its terms' state by name."""
        network = self.network if self.average is None else self.average.module
        return network["model"], network["terms"].state_dict()  # type: ignore[index]

    def forward(self, images: Tensor) -> ReidOutput:
        """Output for uint8 images (B, 3, H, W)."""
        return self._run(self.network["model"], images)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The main optimiser first, then the terms' own, in the order of the terms."""
        own = [term.own_optimizer() for term in self._terms.values()]
        others = [optimizer for optimizer in own if optimizer is not None]
        taken = {id(weight) for optimizer in others for weight in _weights(optimizer)}
        main = [weight for weight in self.network.parameters() if id(weight) not in taken]
        return [self._build_optimizer(weight for weight in main if weight.requires_grad), *others]

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, dataloader_idx: int
    ) -> Batch:
        """Copy without waiting, which pinned batches allow."""
        return batch.to(device, non_blocking=True)

    def on_train_epoch_start(self) -> None:
        """Set the learning rate of the epoch."""
        factor = self._learning_rate_factor(self.current_epoch)
        for group in _optimizers(self)[0].param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Seed the epoch."""
        # Not earlier, for the loader draws a number as well, in a resumed run at another time.
        if batch_idx == 0:
            key = (self._seed, self.current_epoch, self.global_rank)
            torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """One step of every optimiser on one batch."""
        output = self(batch.images)
        losses = self._losses(output, batch)
        weighted = [self._terms[name].weight * loss for name, loss in losses.items()]
        total = torch.stack(weighted).sum()
        optimizers = _optimizers(self)
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.manual_backward(total)
        if self._clip_norm is not None:
            nn.utils.clip_grad_norm_(list(_weights(optimizers[0])), self._clip_norm)
        for optimizer in optimizers:
            optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.network)
        values = {"loss": total} | {f"loss/{name}": loss for name, loss in losses.items()}
        for name, value in values.items():
            self.log(name, value.detach(), **_EACH_EPOCH, batch_size=len(batch))

    def on_validation_epoch_start(self) -> None:
        """Let every process validate one network: batch statistics are those of the first."""
        if self.trainer.world_size > 1:
            for buffer in self.buffers():
                torch.distributed.broadcast(buffer, src=0)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Embed one batch with the network that would be kept."""
        self._embeddings.append(self._run(self.trained[0], batch.images).embedding.float())
        # Each process loads every world_size-th image, see `TrainingLoaders`.
        self._rows.append(batch.indices * self.trainer.world_size + self.global_rank)

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
        loss = self.trainer.callback_metrics["loss"]
        if not torch.isfinite(loss):
            raise ValueError(
                f"the loss became {loss.item()} in epoch {self.current_epoch + 1}; try a lower "
                "optimizer.lr, optimizer.clip_norm=1 or compute.precision=fp32"
            )
        self.log("lr", _exact(_optimizers(self)[0].param_groups[0]["lr"]))

    def _losses(self, output: ReidOutput, batch: Batch) -> dict[str, Tensor]:
        """The active terms' values, in float32 whatever the network computed in."""
        with torch.autocast(output.feature.device.type, enabled=False):
            exact = output.float()
            return {
                name: term(exact, batch)
                for name, term in self._terms.items()
                if self.current_epoch >= self._start_epochs.get(name, 0)
            }

    def _run(self, model: nn.Module, images: Tensor) -> ReidOutput:
        normalized = model.preprocessing.normalize(images)  # type: ignore[operator,union-attr]
        return model(normalized.contiguous(memory_format=self._layout))  # type: ignore[no-any-return]


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
