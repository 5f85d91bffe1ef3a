"""A training step of C2T-Net: memory and images a second.

    python benchmarks/attribute_step.py [--device auto] [--rounds 5] [--out attribute_step.json]

On a GPU the full network of 411.7 M parameters takes steps of 64 images of 256x128, as published;
on a CPU the small one takes steps of 32 images of 128x64. Weights and images are random.
"""

from __future__ import annotations

from typing import Any

from _report import arguments, machine, save, show

from reid_attr.profiling import step_cost
from reid_eval.embedders import resolve_device


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    options = parser.parse_args()
    device = resolve_device(options.device)
    name, size, batch = (
        ("c2tnet", (256, 128), 64) if device.type == "cuda" else ("c2tnet_small", (128, 64), 32)
    )
    batch = max(1, round(batch * options.scale))
    found = step_cost(
        name, image_size=size, batch_size=batch, device=str(device), steps=options.rounds
    )
    memory = "" if found.peak_memory is None else f"{found.peak_memory / 2**30:.1f} GiB"
    row: dict[str, Any] = {
        "network": name,
        "parameters, M": found.parameters / 1e6,
        "batch": batch,
        "precision": found.precision,
        "images/s": found.images_per_second,
        "peak memory": memory,
    }
    show(f"a training step at {size[0]}x{size[1]}, {device}", [row])
    save(options.out, {"machine": machine("torch", "timm"), **found.to_dict()})


if __name__ == "__main__":
    main()
