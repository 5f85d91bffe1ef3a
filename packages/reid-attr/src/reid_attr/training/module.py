"""The training of an attribute model, as Lightning runs it."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from reid_attr.decoding import decide, probabilities_of
from reid_attr.losses.combined import AttributeLoss
from reid_attr.metrics.curves import Criterion, choose_thresholds
from reid_attr.metrics.report import AttributeReport, attribute_report
from reid_attr.models.attribute_model import AttributeModel
from reid_attr.training.division import Division
from reid_attr.training.images import AttributeImages
from reid_attr.training.recipe import OptimizerSection
from reid_data import Batch
from reid_data.attributes import Values

__all__ = ["AttributeModule"]

_Floats = NDArray[np.float32]


@dataclass
class _Seen:
    """Logits of validation batches, and the rows they belong to."""

    logits: list[Tensor]
    rows: list[Tensor]


class AttributeModule(lightning.LightningModule):
    """Trains a model with an `AttributeLoss`, and measures mA after each epoch.

    Everything random derives from the seed and the epoch. With logit updating, recalls are measured
    on the training images that were held out (the second validation loader), never on the
    validation images.

    Args:
        model: whose fine-tuning mode is set already.
        loss: judges its logits.
        division: the images; its values are what logits are compared with.
        optimizer: what moves it.
        learning_rate_factor: factor on the learning rates in an epoch, counted from 0.
        criterion: for which thresholds are chosen on the validation images; none: they are 0.5.
        seed: of dropout and the like.
    """

    _values: Tensor

    def __init__(
        self,
        model: AttributeModel,
        loss: AttributeLoss,
        division: Division,
        *,
        optimizer: OptimizerSection,
        learning_rate_factor: Callable[[int], float],
        criterion: Criterion | None = None,
        seed: int,
    ) -> None:
        super().__init__()
        self.model, self.loss = model, loss
        self._division, self._options, self._seed = division, optimizer, seed
        self._factor = learning_rate_factor
        self._softmax = loss.options.kind == "categorical"
        values = torch.from_numpy(division.train.values.copy())
        self.register_buffer("_values", values, persistent=False)
        self._average = (
            AveragedModel(
                model,
                multi_avg_fn=get_ema_multi_avg_fn(optimizer.ema_decay),  # type: ignore[no-untyped-call]
                use_buffers=True,
            )
            if optimizer.ema_decay is not None
            else None
        )
        if self._average is not None:
            self._average.requires_grad_(False)
        self._seen: dict[int, _Seen] = {}
        self._criterion = criterion
        self.thresholds: list[float] | None = None

    @property
    def trained(self) -> AttributeModel:
        """The network to keep: the average, if there is one."""
        if self._average is None:
            return self.model
        averaged = self._average.module
        if not isinstance(averaged, AttributeModel):
            raise TypeError(f"the average is of {type(averaged).__name__}")
        return averaged

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Groups by learning rate (trunks, all else) and by dimension: vectors do not decay."""
        trunks = {id(p) for m in self.model.parts()["trunks"] for p in m.parameters()}
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for parameter in self.model.parameters():
            if parameter.requires_grad:
                lr = self._options.lr if id(parameter) in trunks else self._options.head_lr
                decay = self._options.weight_decay if parameter.ndim > 1 else 0.0
                groups.setdefault((lr, decay), []).append(parameter)
        settings: list[dict[str, Any]] = [
            {"params": parameters, "lr": lr, "base_lr": lr, "weight_decay": decay}
            for (lr, decay), parameters in groups.items()
        ]
        if self._options.name == "sgd":
            return torch.optim.SGD(settings, lr=self._options.lr, momentum=0.9)
        kind = torch.optim.AdamW if self._options.name == "adamw" else torch.optim.Adam
        return kind(settings, lr=self._options.lr)

    def on_train_epoch_start(self) -> None:
        """Seed the epoch, and set its learning rates."""
        sequence = np.random.SeedSequence((self._seed, self.current_epoch, self.global_rank))
        torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0]))
        optimizers: Any = self.optimizers()
        for group in optimizers.param_groups:
            group["lr"] = group["base_lr"] * self._factor(self.current_epoch)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch."""
        output = self.model(self.model.preprocessing.normalize(batch.images))
        loss: Tensor = self.loss(
            output.logits.float(),
            self._values[batch.indices],
            classifier=self.model.head.classifier.weight,
        )
        if not torch.isfinite(loss):
            raise ValueError(
                f"the loss became {loss.item()} in epoch {self.current_epoch + 1}; try a lower "
                "optimizer.lr or precision=fp32"
            )
        self.log("loss", loss, on_step=False, on_epoch=True, batch_size=len(batch))
        return loss

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip to the recipe's norm."""
        if self._options.clip_norm is not None:
            self.clip_gradients(optimizer, self._options.clip_norm, "norm")

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Take the step into the average."""
        if self._average is not None:
            self._average.update_parameters(self.model)

    def on_validation_epoch_start(self) -> None:
        """Forget the last validation."""
        self._seen = {}

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Keep the logits of a batch; each process sees all of them."""
        network = self.trained
        logits = network(network.preprocessing.normalize(batch.images)).logits
        seen = self._seen.setdefault(dataloader_idx, _Seen([], []))
        seen.logits.append(logits.float().cpu())
        seen.rows.append(batch.indices.cpu())

    def on_validation_epoch_end(self) -> None:
        """Measure mA on the validation images, at thresholds of 0.5, and recalls on those held out.

        Thresholds are chosen afterwards, so that epochs are compared on figures that nothing was
        fitted to.
        """
        values, probabilities = self._recognised(0, self._division.validation)
        overall = self._report(values, probabilities).overall
        for name in ("mA", "F1"):
            self.log(name, overall[name])
        if self._criterion is not None:
            chosen = choose_thresholds(values, probabilities, criterion=self._criterion)
            self.thresholds = chosen.tolist()
        if self.loss.logit_update is not None:
            table = self._report(*self._recognised(1, self._division.held_out)).attributes
            recalls = [
                torch.tensor(table[name].to_numpy(np.float64))
                for name in ("recall_positive", "recall_negative")
            ]
            self.loss.logit_update.measure(*recalls)

    def _recognised(self, loader: int, images: AttributeImages) -> tuple[Values, _Floats]:
        """Truth and probabilities ``(N, K)`` of what a validation loader gave."""
        seen, schema = self._seen[loader], self.model.schema
        probabilities = probabilities_of(torch.cat(seen.logits), schema, softmax=self._softmax)
        return images.values[torch.cat(seen.rows).numpy()], probabilities.numpy()

    def _report(self, values: Values, probabilities: _Floats) -> AttributeReport:
        schema, softmax = self.model.schema, self._softmax
        holds = decide(probabilities, schema, by_group=softmax, softmax=softmax)
        return attribute_report(values, probabilities, holds, names=schema.names)
