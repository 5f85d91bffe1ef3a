"""Adversarial training of a pose-guided generator, as Lightning runs it."""

# ruff: noqa: ARG002 - Lightning gives its hooks their signatures
from __future__ import annotations

from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor, nn

from reid_core.training.loop.averaging import Average
from reid_gen.generation.discriminator import PatchDiscriminator
from reid_gen.generation.engine import DrawRequest
from reid_gen.generation.gan_engine import GanEngine, as_signal, build_generator
from reid_gen.generation.generator import PoseGenerator
from reid_gen.generation.hiding import hide_parts
from reid_gen.generation.history import DrawingHistory
from reid_gen.generation.identity import IdentityLoss
from reid_gen.generation.losses import discriminator_loss, generator_loss
from reid_gen.generation.pair_loading import PairBatch
from reid_gen.generation.perceptual import PerceptualLoss
from reid_gen.generation.posed import PoseCanvas
from reid_gen.generation.recipe import GanRecipe
from reid_gen.scoring.similarity import l1_distance, structural_similarity

__all__ = ["GanModule"]


class GanModule(lightning.LightningModule):
    """A generator against two discriminators: one of appearance, one of pose.

    Discriminators step first, on drawings that the generator's step then uses again. All losses are
    computed in float32. Everything random derives from seed, epoch and process, so that a resumed
    training repeats what the uninterrupted one would have done.

    Args:
        recipe: networks, weights of the terms, optimisers.
        seed: of hidden parts, dropout and earlier drawings.
        perceptual: the term, where its weight is above 0.
        identity: the term, where its weight is above 0.

    Raises:
        ValueError: a term has a weight and was not given, or the reverse.
    """

    def __init__(
        self,
        recipe: GanRecipe,
        *,
        seed: int,
        perceptual: PerceptualLoss | None = None,
        identity: IdentityLoss | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        weighted = recipe.loss.perceptual.weight > 0, recipe.loss.identity.weight > 0
        if weighted != (perceptual is not None, identity is not None):
            raise ValueError("a term is given exactly where its weight is above 0")
        self._recipe, self._seed = recipe, seed
        self.canvas = PoseCanvas(recipe.data.image_size, recipe.model.sigma)
        self.generator = build_generator(recipe.model)
        width = recipe.model.discriminator_width
        judges = {"appearance": PatchDiscriminator(3, width=width)}
        judges["pose"] = PatchDiscriminator(18, width=width)
        self.judges = nn.ModuleDict(judges if recipe.loss.adversarial.weight else {})
        decay = recipe.optimizer.ema_decay
        self.average = None if decay is None else Average(self.generator, ema_decay=decay)
        # Frozen, and no part of the training's state: they are loaded again when it is resumed.
        self._frozen = {"perceptual": perceptual, "identity": identity}
        self._history = DrawingHistory(recipe.loss.adversarial.pool)
        self._pending: tuple[Tensor, str] | None = None

    @property
    def trained(self) -> PoseGenerator:
        """The generator to keep: the average, if there is one."""
        if self.average is None or not self.average.begun:
            return self.generator
        averaged: PoseGenerator = self.average.module  # type: ignore[assignment]
        return averaged

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """The generator's first."""
        options = self._recipe.optimizer
        found: list[torch.optim.Optimizer] = [
            torch.optim.Adam(self.generator.parameters(), lr=options.lr, betas=options.betas)
        ]
        if self.judges:
            rate = options.discriminator_lr or options.lr
            found.append(torch.optim.Adam(self.judges.parameters(), lr=rate, betas=options.betas))
        return found

    def transfer_batch_to_device(
        self, batch: PairBatch, device: torch.device, dataloader_idx: int
    ) -> PairBatch:
        """Lightning knows no such batches."""
        return batch.to(device)

    def on_fit_start(self) -> None:
        """Take the frozen networks along."""
        for network in self._frozen.values():
            if network is not None:
                network.to(self.device)

    def on_train_epoch_start(self) -> None:
        """Seed the epoch and set its learning rates."""
        sequence = np.random.SeedSequence((self._seed, self.current_epoch, self.global_rank))
        torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0]))
        # So that a resumed training need not remember it.
        self._history.clear()
        factor = self._rate_factor(self.current_epoch)
        rates = (self._recipe.optimizer.lr, self._recipe.optimizer.discriminator_lr)
        for optimizer, rate in zip(self._optimizers(), rates, strict=False):
            for group in optimizer.param_groups:
                group["lr"] = (rate or rates[0]) * factor

    def training_step(self, batch: PairBatch, batch_idx: int) -> None:
        """One step of the discriminators, one of the generator."""
        sources, targets = as_signal(batch.sources), as_signal(batch.targets)
        pose = self.canvas.joints(batch.target_joints)
        drawn = self._draw(batch, sources, pose)
        optimizers = self._optimizers()
        adversarial = self._recipe.loss.adversarial
        judged = bool(self.judges) and self.current_epoch >= adversarial.start_epoch
        values: dict[str, Tensor] = {}
        if judged:
            values["loss_discriminators"] = self._judge(drawn, targets, sources, pose)
            self._step(optimizers[1], values["loss_discriminators"])
        self.judges.requires_grad_(False)
        terms = self._terms(batch, drawn, targets)
        if judged:
            found = [
                generator_loss(judge(drawn, beside).float(), kind=adversarial.kind)
                for judge, beside in self._beside(sources, pose)
            ]
            terms["adversarial"] = adversarial.weight * torch.stack(found).mean()
        total = torch.stack(list(terms.values())).sum()
        self._step(optimizers[0], total)
        self.judges.requires_grad_(True)
        if self.average is not None:
            self.average.after_step(self.generator, epoch=self.current_epoch, ends_epoch=False)
        self._check_finite()
        where = f"epoch {self.current_epoch + 1}, batch {batch_idx + 1}"
        self._pending = total.detach(), where
        values |= {"loss": total, **{f"loss_{name}": value for name, value in terms.items()}}
        for name, value in values.items():
            self.log(
                name, value.detach(), on_step=False, on_epoch=True, batch_size=len(batch),
                sync_dist=True,
            )  # fmt: skip

    def on_train_epoch_end(self) -> None:
        """Stop where the loss is no number any more."""
        self._check_finite()

    def validation_step(self, batch: PairBatch, batch_idx: int) -> None:
        """Compare drawings of held-out people with the truth; every process sees all of them."""
        drawn = self.drawings(batch)
        targets = batch.targets.cpu()
        scores = {"SSIM": structural_similarity(drawn, targets), "L1": l1_distance(drawn, targets)}
        for name, values in scores.items():
            self.log(name, values.double().mean(), on_epoch=True, batch_size=len(batch))

    def drawings(self, batch: PairBatch) -> Tensor:
        """What the kept generator draws of a batch's pairs, uint8 (B, 3, H, W) on the CPU."""
        network = self.trained
        training = network.training
        engine = GanEngine(network, self.canvas, device=batch.sources.device)
        request = DrawRequest(
            batch.sources, batch.source_joints, batch.target_joints, torch.zeros_like(batch.rows)
        )
        drawn = engine.draw(request)
        network.train(training)
        return drawn

    def _draw(self, batch: PairBatch, sources: Tensor, pose: Tensor) -> Tensor:
        maps = self.canvas.joints(batch.source_joints), pose
        if self.generator.appearance is None:
            drawn: Tensor = self.generator(sources, *maps)
            return drawn.float()
        parts = self.canvas.parts(batch.source_joints)
        codes = self.generator.encode_appearance(sources, parts)
        chance = torch.rand(parts.shape[:2])
        hidden = (chance < self._recipe.model.hide).to(sources.device)
        drawn = self.generator(
            hide_parts(sources, parts, hidden),
            *maps,
            codes=codes,
            target_parts=self.canvas.parts(batch.target_joints),
        )
        return drawn.float()

    def _beside(self, sources: Tensor, pose: Tensor) -> list[tuple[nn.Module, Tensor]]:
        """Each discriminator and what it sees beside an image."""
        return [(self.judges["appearance"], sources), (self.judges["pose"], pose)]

    def _judge(self, drawn: Tensor, targets: Tensor, sources: Tensor, pose: Tensor) -> Tensor:
        """Loss of both discriminators; some drawings are earlier ones."""
        kind = self._recipe.loss.adversarial.kind
        fakes, *known = self._history.swap(drawn.detach(), sources, pose)
        losses = []
        for (judge, beside), earlier in zip(self._beside(sources, pose), known, strict=True):
            real, fake = judge(targets, beside).float(), judge(fakes, earlier).float()
            losses.append(discriminator_loss(real, fake, kind=kind))
        return torch.stack(losses).mean()

    def _terms(self, batch: PairBatch, drawn: Tensor, targets: Tensor) -> dict[str, Tensor]:
        loss, frozen = self._recipe.loss, self._frozen
        far = (drawn - targets).abs()
        if loss.person:
            body = self.canvas.parts(batch.target_joints).amax(dim=1, keepdim=True)
            far = far * (1 + loss.person * body)
        terms = {"l1": loss.l1 * far.mean()}
        perceptual, identity = frozen["perceptual"], frozen["identity"]
        with torch.autocast(drawn.device.type, enabled=False):
            if perceptual is not None:
                terms["perceptual"] = loss.perceptual.weight * perceptual(drawn, targets)
            if identity is not None and self.current_epoch >= loss.identity.start_epoch:
                terms["identity"] = loss.identity.weight * identity(drawn, targets, batch.pids)
        return terms

    def _step(self, optimizer: Any, loss: Tensor) -> None:
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()

    def _check_finite(self) -> None:
        """Look at the loss of the step before: a GPU's queue never runs empty for it."""
        pending, self._pending = self._pending, None
        if pending is not None and not bool(torch.isfinite(pending[0])):
            raise ValueError(
                f"the loss became {pending[0].item()} in {pending[1]}; try a lower optimizer.lr or "
                "precision=fp32"
            )

    def _optimizers(self) -> list[Any]:
        found: Any = self.optimizers()
        return found if isinstance(found, list) else [found]

    def _rate_factor(self, epoch: int) -> float:
        """1, and after the constant epochs on a line to 0, which the epoch after the last has."""
        schedule = self._recipe.schedule
        left = schedule.epochs - max(epoch, schedule.constant)
        return min(1.0, left / max(1, schedule.epochs - schedule.constant))
