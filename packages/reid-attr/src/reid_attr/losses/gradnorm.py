"""GradNorm: task weights that let all tasks train at similar rates.

The tasks are disjoint sets of columns: single attributes, or groups. What they share is the feature
f that the classifier takes. Since z = W f + b, the gradient of task i's loss is known without a
second backward pass:

    G_i = || d(w_i L_i) / df || = w_i sqrt( sum_b d_bi (W_i W_i^T) d_bi^T ),  d = dL_i / dz

The published systems take the norm over the rows of W that belong to the task alone, and their
weights never move.

Source:
    Chen et al., GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep Multitask
    Networks, ICML 2018, equations 1 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch import distributed as dist

__all__ = ["GradNorm", "autograd_gradient_norms", "gradient_norms", "gradnorm_objective"]


def gradient_norms(
    losses: Tensor, logits: Tensor, classifier: Tensor, tasks: Sequence[slice]
) -> Tensor:
    """Norms of the losses' gradients at the shared feature, ``(T,)``, in closed form.

    Args:
        losses: of the tasks ``(T,)``, each a function of its own columns of the logits only.
        logits: ``(B, K)``, part of the graph of the losses, which is kept.
        classifier: W ``(K, D)``, for z = W f + b.
        tasks: columns of each task.

    Raises:
        ValueError: there are not as many losses as tasks.
    """
    if losses.shape != (len(tasks),):
        raise ValueError(f"expected {len(tasks)} losses, came {tuple(losses.shape)}")
    # As no task shares a column with another, one backward pass has the gradients of all of them.
    (delta,) = torch.autograd.grad(losses.sum(), logits, retain_graph=True)
    delta, rows = delta.detach().double(), classifier.detach().double()
    products = rows @ rows.T
    squares = [
        ((delta[:, task] @ products[task, task]) * delta[:, task]).sum().clamp(min=0)
        for task in tasks
    ]
    return torch.stack(squares).sqrt().to(losses.dtype)


def autograd_gradient_norms(losses: Tensor, weights: Tensor, feature: Tensor) -> Tensor:
    """Norms of the weighted losses' gradients at the feature, ``(T,)``, differentiable.

    The form of the paper: a backward pass a task, through which one can differentiate again. It is
    the reference for `gradient_norms`, which is far cheaper.

    Args:
        losses: ``(T,)``.
        weights: of the tasks ``(T,)``.
        feature: f ``(B, D)``, part of the graph of the losses, which is kept.
    """
    norms = []
    for loss, weight in zip(losses, weights, strict=True):
        (gradient,) = torch.autograd.grad(weight * loss, feature, create_graph=True)
        norms.append(gradient.norm())
    return torch.stack(norms)


def gradnorm_objective(norms: Tensor, rates: Tensor, *, alpha: float = 1.5) -> Tensor:
    """What GradNorm minimises over the task weights: mean distance of the norms from their targets.

    Args:
        norms: G_i = w_i times a constant ``(T,)``.
        rates: inverse training rates ``(T,)``, the tasks' relative losses over their mean.
        alpha: how strongly slow tasks are favoured.
    """
    targets = (norms.mean() * rates**alpha).detach()
    return (norms - targets).abs().mean()


def _of_all_processes(norms: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
    """Norms and losses of the batch of which each process of a distributed run has a part.

    The loss of the whole is the mean of the parts', so each image's gradient is divided by their
    number, and squares of norms add up.
    """
    if not (dist.is_available() and dist.is_initialized()):
        return norms, losses
    found = torch.stack([norms**2, losses])
    dist.all_reduce(found)
    count = dist.get_world_size()
    return found[0].sqrt() / count, found[1] / count


@dataclass(frozen=True)
class _Adam:
    """Constants of Adam, by which the task weights move."""

    lr: float
    first: float = 0.9
    second: float = 0.999
    eps: float = 1e-8


class GradNorm(nn.Module):
    """Task weights ``(T,)`` that sum to T, moved by one step a batch.

    Weights, first losses and the optimiser's moments are buffers: they move to devices and are
    resumed with the module.

    Args:
        tasks: columns of each task, disjoint.
        alpha: how strongly slow tasks are favoured.
        lr: learning rate of the weights.

    Raises:
        ValueError: there are fewer than two tasks, or the learning rate is not positive.
    """

    weights: Tensor
    initial: Tensor
    started: Tensor
    moments: Tensor
    steps: Tensor

    def __init__(self, tasks: Sequence[slice], *, alpha: float = 1.5, lr: float = 8e-4) -> None:
        super().__init__()
        if len(tasks) < 2 or lr <= 0:
            raise ValueError(f"expected 2 tasks or more and lr > 0, came {len(tasks)} and {lr}")
        self.tasks, self.alpha, self._adam = tuple(tasks), alpha, _Adam(lr)
        self.register_buffer("weights", torch.ones(len(tasks)))
        self.register_buffer("initial", torch.ones(len(tasks)))
        self.register_buffer("started", torch.zeros(len(tasks), dtype=torch.bool))
        self.register_buffer("moments", torch.zeros(2, len(tasks)))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, losses: Tensor) -> Tensor:
        """The weighted sum of the tasks' losses ``(T,)``."""
        return (losses * self.weights.to(losses)).sum()

    def update(self, losses: Tensor, logits: Tensor, classifier: Tensor) -> None:
        """Move the weights by one step; call it before the graph of the losses is freed.

        Args:
            losses: of the tasks, unweighted ``(T,)``.
            logits: ``(B, K)`` from which they were computed.
            classifier: W ``(K, D)``.
        """
        unit = gradient_norms(losses, logits, classifier, self.tasks).to(self.weights)
        unit, current = _of_all_processes(unit, losses.detach().to(self.weights))
        # A task without a known label in the first batches begins when it has one.
        new = ~self.started & (current > 0)
        self.initial.copy_(torch.where(new, current, self.initial))
        self.started |= new
        relative = torch.where(self.started, current / self.initial, torch.ones_like(current))
        rates = relative / relative.mean().clamp(min=1e-12)
        with torch.enable_grad():
            weights = self.weights.clone().requires_grad_()
            objective = gradnorm_objective(weights * unit, rates, alpha=self.alpha)
            (gradient,) = torch.autograd.grad(objective, weights)
        self._step(gradient)

    @torch.no_grad()
    def _step(self, gradient: Tensor) -> None:
        adam = self._adam
        self.steps += 1
        self.moments[0].lerp_(gradient, 1 - adam.first)
        self.moments[1].lerp_(gradient**2, 1 - adam.second)
        mean = self.moments[0] / (1 - adam.first ** int(self.steps))
        spread = self.moments[1] / (1 - adam.second ** int(self.steps))
        self.weights -= adam.lr * mean / (spread.sqrt() + adam.eps)
        self.weights.clamp_(min=1e-3)
        self.weights *= len(self.weights) / self.weights.sum()
