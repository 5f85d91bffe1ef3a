"""Embedding with ResNet-50 at 256x128 on a CPU: each runtime beside eager float32 torch.

    python benchmarks/embedding.py [--scale 1] [--rounds 5] [--out embedding.json]

Within a round every runtime embeds the same images in turn; what counts is the median over the
rounds of its ratio to plain eager torch (float32, memory order as torch has it). The network has
random weights and the batch statistics of synthetic people; its agreement with eager torch is that
of `accelerate`, and lower than a trained network's, whose people lie farther apart. The float32
product has as many multiplications as the convolutions.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from _report import arguments, machine, ratio, save, show
from torch import Tensor, nn

from reid_core import create_model
from reid_core.embedder import CheckpointEmbedder
from reid_eval import list_backends
from reid_eval.agreement import measure_agreement
from reid_eval.runtimes import CompiledRunner, OpenVinoRunner

SIZE = (256, 128)
EAGER = "eager torch, fp32"
FLOPS = 4.1e9 * 2
"""Of one image: 4.1 G multiplications with last stride 2 at 256x128, each with an addition."""


def people(count: int) -> Tensor:
    """Synthetic people (count, 3, 256, 128)."""
    from reid_data.synth import open_studio, plan_shots

    cameras = 4
    shots = plan_shots(
        identities=count,
        test_identities=1,
        cameras=cameras,
        images_per_camera=1,
        distractors=0,
        seed=1,
    )
    studio = open_studio(cameras=cameras, seed=1, height=SIZE[0], width=SIZE[1])
    step = max(1, len(shots) // count)
    images = [torch.from_numpy(studio.draw(shot).image) for shot in shots[::step][:count]]
    return torch.stack(images).permute(0, 3, 1, 2).contiguous()


def settled(images: Tensor) -> CheckpointEmbedder:
    """A ResNet-50 whose batch statistics are those of the images."""
    torch.manual_seed(0)
    model = create_model("timm:resnet50", image_size=SIZE, last_stride=2)
    normalized = model.preprocessing.normalize(images[:32])
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = None
        model(normalized)
    return CheckpointEmbedder(model.eval(), device=torch.device("cpu"))


def runtimes(embedder: CheckpointEmbedder) -> dict[str, Callable[[Tensor], Tensor]]:
    """What can run here."""
    # The embedder's weights lie in channels_last, which alone makes eager torch 1.3 times faster.
    plain = deepcopy(embedder.network.model).to(memory_format=torch.contiguous_format)

    def eager(images: Tensor) -> Tensor:
        normalized = plain.preprocessing.normalize(images)
        output: Tensor = plain(normalized.contiguous()).embedding
        return output

    found: dict[str, Callable[[Tensor], Tensor]] = {EAGER: eager}
    found["reid-eval, torch"] = embedder
    installed = list_backends()
    if "openvino" in installed:
        for precision in ("f32", "bf16"):
            name = f"reid-eval, openvino {precision}"
            found[name] = OpenVinoRunner(embedder.network, image_size=SIZE, precision=precision)
    found["reid-eval, compiled bf16"] = CompiledRunner(embedder.network, image_size=SIZE)
    return found


def product(images: int) -> Callable[[], object]:
    """A float32 matrix product with the multiplications of a pass over the images."""
    edge = 2048
    left, right = torch.randn(edge, edge), torch.randn(edge, edge)
    times = max(1, round(FLOPS * images / (2 * edge**3)))

    def run() -> None:
        for _ in range(times):
            left @ right

    return run


def in_turn(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds by the clock of each work in each round: threads that wait for each other count."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def main() -> None:
    parser = arguments(__doc__)
    options = parser.parse_args()
    count = max(8, int(64 * options.scale))
    images = people(count)
    embedder = settled(images)
    with torch.inference_mode():
        found = runtimes(embedder)
        reference = found[EAGER](images)
        agreements = {
            name: measure_agreement(run(images), reference) for name, run in found.items()
        }
        works = {name: partial(run, images) for name, run in found.items()}
        times = in_turn({**works, "fp32 product": product(count)}, options.rounds)
    rows: list[dict[str, Any]] = []
    for name, seconds in times.items():
        agreement = agreements.get(name)
        rows.append(
            {
                "runtime": name,
                "times eager": round(ratio(times[EAGER], seconds), 2),
                "agreement, mean": "" if agreement is None else f"{agreement.mean:.4f}",
                "agreement, worst": "" if agreement is None else f"{agreement.worst:.4f}",
            }
        )
    show(f"ResNet-50, 256x128, {count} images, {torch.get_num_threads()} threads", rows)
    save(options.out, {"machine": machine("torch", "timm", "openvino"), "rows": rows})


if __name__ == "__main__":
    main()
