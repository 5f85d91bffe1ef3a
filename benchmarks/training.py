"""Training ResNet-50 at 256x128: this project's loop beside a plain one, and its loader alone.

    python benchmarks/training.py [--scale 1] [--rounds 3] [--device cpu] [--out training.json]

Both train the same network from scratch with the same loss (label-smoothed cross entropy and
batch-hard triplet) on the same batches of rendered people, in turn within a round. The plain loop
is what one writes first: eager float32 (TF32 on a GPU), Adam as torch has it, the memory order that
torch has. Ours is `reid_core.training.train` with the recipe's own precision: bfloat16 where the
device multiplies it, channels_last and fused Adam, on a GPU also compiled. What counts is images a
second of an epoch after the first, loading included, and the median over the rounds of the ratio.
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from _report import arguments, machine, ratio, save, show

from reid_core import IdentityLoss, batch_hard_triplet_loss, create_model
from reid_core.training import Recipe, load_recipe, train
from reid_data import Records, load_dataset, synthesize, train_loader
from reid_eval.embedders import resolve_device

SIZE, PEOPLE, IMAGES = (256, 128), 8, 4
PROMISED = {"cpu": 2.0, "cuda": 1.5}


def rendered(folder: Path, people: int) -> Records:
    """People in Market-1501's layout, twice P x K images of every batch that is to come."""
    synthesize(
        folder,
        identities=people,
        test_identities=1,
        cameras=4,
        images_per_camera=1,
        distractors=0,
        height=SIZE[0],
        width=SIZE[1],
    )
    return load_dataset("market1501", folder).split("train")


def our_recipe(people: int, device: torch.device) -> Recipe:
    """The baseline without what the plain loop does not do: center loss and validation."""
    batch = min(PEOPLE, people)
    return load_recipe(
        "baseline",
        [
            "model.pretrained=false",
            "loss.center=none",
            f"data.image_size=[{SIZE[0]}, {SIZE[1]}]",
            f"data.identities_per_batch={batch}",
            f"data.images_per_identity={IMAGES}",
            "evaluation.val_identities=0",
            "schedule.epochs=2",
            "schedule.warmup_epochs=0",
            "logging.tensorboard=false",
            f"compute.compile={str(device.type == 'cuda').lower()}",
        ],
    )


def loader(records: Records, recipe: Recipe, workers: Any) -> Any:
    """The batches of both."""
    return train_loader(
        records,
        image_size=recipe.data.image_size,
        identities_per_batch=recipe.data.identities_per_batch,
        images_per_identity=recipe.data.images_per_identity,
        augmentation=recipe.data.augmentation,
        seed=0,
        workers=workers,
    )


def plain_loop(
    records: Records, recipe: Recipe, device: torch.device, workers: Any
) -> Callable[[], float]:
    """An epoch of the loop that one writes first; gives images a second."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(0)
    model = create_model(recipe.model.name, image_size=SIZE).to(device).train()
    classes = len(set(records.pids.tolist()))
    identity = IdentityLoss(model.embedding_size, classes).to(device)
    weights = [*model.parameters(), *identity.parameters()]
    optimizer = torch.optim.Adam(weights, lr=recipe.optimizer.lr)
    batches = loader(records, recipe, workers)

    def epoch() -> float:
        images, started = 0, time.perf_counter()
        for batch in batches:
            pixels, labels = batch.images.to(device), batch.labels.to(device)
            output = model(model.preprocessing.normalize(pixels))
            loss = identity(output.embedding, labels)
            loss = loss + batch_hard_triplet_loss(output.feature, labels, margin=0.3)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            images += len(pixels)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return images / (time.perf_counter() - started)

    return epoch


def our_loop(
    records: Records, recipe: Recipe, device: torch.device, workers: Any
) -> Callable[[], float]:
    """Two epochs of ours; gives images a second of the second."""

    def run() -> float:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "run")
            train(recipe, records, out=out, device=str(device), workers=workers)
            with (out / "metrics.csv").open(encoding="utf-8", newline="") as stream:
                return float(list(csv.DictReader(stream))[-1]["images_per_second"])

    return run


def loading(records: Records, recipe: Recipe, workers: Any) -> float:
    """Images a second of the loader alone."""
    batches = loader(records, recipe, workers)
    for _ in batches:  # for what is imported, started and cached
        pass
    started = time.perf_counter()
    images = sum(len(batch.images) for batch in batches)
    return images / (time.perf_counter() - started)


def main() -> None:
    parser = arguments(__doc__)
    parser.set_defaults(rounds=3)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--workers", type=int, default=0, help="loader processes of both")
    options = parser.parse_args()
    device = resolve_device(options.device)
    people = max(2, round((32 if device.type == "cpu" else 1024) * options.scale))
    with tempfile.TemporaryDirectory() as folder:
        records, recipe = rendered(Path(folder), people), our_recipe(people, device)
        plain = plain_loop(records, recipe, device, options.workers)
        ours = our_loop(records, recipe, device, options.workers)
        plain()  # for what is imported and cached
        speeds = [(plain(), ours()) for _ in range(options.rounds)]
        loads = loading(records, recipe, options.workers)
    theirs, mine = ([pair[side] for pair in speeds] for side in (0, 1))
    times = ratio(mine, theirs)
    rows: list[dict[str, Any]] = [
        {
            "loop": "plain eager fp32",
            "images/s": median(theirs),
            "times plain": 1.0,
            "promised": "",
        },
        {
            "loop": "reid-core train",
            "images/s": median(mine),
            "times plain": times,
            "promised": PROMISED.get(device.type, ""),
        },
        {
            "loop": "our loader alone",
            "images/s": loads,
            "times plain": loads / median(theirs),
            "promised": "",
        },
    ]
    title = f"ResNet-50, 256x128, batches of {PEOPLE * IMAGES}, {torch.get_num_threads()} threads"
    show(f"{title}, {device}", rows)
    found = {"machine": machine("torch", "timm", "lightning"), "device": str(device)}
    save(options.out, {**found, "scale": options.scale, "results": rows})


if __name__ == "__main__":
    main()
