"""What a step of training costs: memory and images a second."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import torch

from reid_attr.losses.combined import AttributeLoss, LossOptions
from reid_attr.models.factory import create_attribute_model
from reid_attr.schema_files import load_schema
from reid_core.training.loop.precision import choose_precision
from reid_eval.embedders import resolve_device

__all__ = ["StepCost", "step_cost"]


@dataclass(frozen=True)
class StepCost:
    """What training a network costs.

    Attributes:
        name: of the network.
        parameters: how many it has.
        batch_size: images of a step.
        precision: of the network's products.
        loss: of the last step.
        images_per_second: over the steps after the first.
        peak_memory: bytes on the GPU, weights, gradients and moments included; None on a CPU.
    """

    name: str
    parameters: int
    batch_size: int
    precision: str
    loss: float
    images_per_second: float
    peak_memory: int | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def step_cost(
    name: str,
    *,
    image_size: tuple[int, int] = (256, 128),
    batch_size: int = 64,
    device: str = "auto",
    steps: int = 5,
    seed: int = 0,
) -> StepCost:
    """Train a new network on random images for some steps, as `train_attributes` would.

    Args:
        name: see `create_attribute_model`; for the 40 attributes of UPAR.
        image_size: (height, width) in pixels.
        batch_size: images of a step.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        steps: how many are timed, after one that is not.
        seed: of weights and images.

    Raises:
        ValueError: steps or batch size are below 1, or the network cannot be built.
    """
    if steps < 1 or batch_size < 1:
        raise ValueError(f"steps and batch_size must be 1 or more, came {steps}, {batch_size}")
    place = resolve_device(device)
    torch.manual_seed(seed)
    schema = load_schema("upar")
    model = create_attribute_model(name, schema=schema, image_size=image_size).to(place)
    half = choose_precision("auto", device=place, model=model).startswith("bf16")
    loss = AttributeLoss(
        schema, torch.full((len(schema),), 0.2), LossOptions(weighting="exponential")
    ).to(place)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    images = torch.randint(0, 256, (batch_size, 3, *image_size), dtype=torch.uint8, device=place)
    labels = torch.randint(0, 2, (batch_size, len(schema)), device=place)
    if place.type == "cuda":
        torch.cuda.reset_peak_memory_stats(place)

    def step() -> float:
        with torch.autocast(place.type, dtype=torch.bfloat16, enabled=half):
            logits = model(model.preprocessing.normalize(images)).logits
        value = loss(logits.float(), labels)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return float(value.detach())  # waits for the device

    value = step()
    started = time.perf_counter()
    for _ in range(steps):
        value = step()
    seconds = time.perf_counter() - started
    return StepCost(
        name,
        sum(parameter.numel() for parameter in model.parameters()),
        batch_size,
        "bf16" if half else "fp32",
        value,
        steps * batch_size / seconds,
        torch.cuda.max_memory_allocated(place) if place.type == "cuda" else None,
    )
