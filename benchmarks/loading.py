"""Loading images: decode, resize to 256x128, flip, crop, erase; beside Pillow and torchvision.

    python benchmarks/loading.py [--scale small] [--rounds 5] [--out FILE.json]

Both sides read the same JPEG files of rendered people in batches of 64, in one thread of one
process, and take turns; what counts is the median over the rounds of the ratio of their processor
times. Rows that end in uint8 end where both hold a batch that can be sent to a device, which is
where a loader's work ends here: a model normalises on its device. Rows in float32 normalise on the
processor too, theirs image by image, ours the batch. ``plain`` runs without the extra ``fast``
(no OpenCV, no simplejpeg), in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from _report import arguments, machine, ratio, save, show, turns
from opponents import torchvision_loading

from reid_data import Augmentation, Draw, ImageDataset, load_dataset, synthesize
from reid_data.images import limit_threads

BATCH, IMAGES = 64, 1024
SOURCES = ((128, 64), (256, 128))
# What the project promises, for rows that end in uint8.
LEAST = {("fast", 128): 4.0, ("plain", 128): 2.5, ("fast", 256): 2.0, ("plain", 256): 0.0}


def write_sources(folder: Path, size: tuple[int, int], scale: float) -> None:
    """Rendered people in Market-1501's layout, as many as are loaded."""
    people = max(round(IMAGES * scale) // 16, 4)
    synthesize(
        folder,
        identities=people,
        test_identities=1,
        cameras=4,
        images_per_camera=4,
        distractors=0,
        height=size[0],
        width=size[1],
    )


def our_pipelines(folder: Path) -> tuple[list[str], dict[str, Callable[[], object]]]:
    records = load_dataset("market1501", folder).split("train")
    plain = ImageDataset(records)
    augmented = ImageDataset(records, augmentation=Augmentation())
    mean = torch.tensor(torchvision_loading.MEAN).view(3, 1, 1) * 255
    std = torch.tensor(torchvision_loading.STD).view(3, 1, 1) * 255
    batches = [
        tuple(range(start, min(start + BATCH, len(records))))
        for start in range(0, len(records), BATCH)
    ]

    def load(dataset: ImageDataset, *, normalised: bool) -> None:
        for rows in batches:
            images = dataset.__getitems__(Draw(rows, seed=rows[0])).images
            if normalised:
                images.to(torch.float32).sub_(mean).div_(std)

    return plain.files, {
        f"{name} {end}": partial(load, dataset, normalised=end == "float32")
        for name, dataset in (("train", augmented), ("eval", plain))
        for end in ("uint8", "float32")
    }


def measure(folder: Path, rounds: int) -> list[dict[str, Any]]:
    """Both sides' time for each pipeline, in this process."""
    torch.set_num_threads(1)
    limit_threads()
    files, ours = our_pipelines(folder)
    theirs = torchvision_loading.pipelines()
    rows = []
    for name, work in ours.items():
        load = partial(torchvision_loading.load, files, BATCH, theirs[name])
        seconds = turns({"ours": work, "theirs": load}, rounds)
        rows.append(
            {
                "pipeline": name,
                "images/s": len(files) / median(seconds["ours"]),
                "theirs": len(files) / median(seconds["theirs"]),
                "ratio": ratio(seconds["theirs"], seconds["ours"]),
            }
        )
    return rows


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--measure", type=Path, help="(internal) measure one folder of sources")
    parser.add_argument("--without", nargs="*", default=[], help="(internal) modules to hide")
    options = parser.parse_args()
    if options.measure:
        for name in options.without:
            sys.modules[name] = None  # type: ignore[assignment]  # so that importing it fails
        json.dump(measure(options.measure, options.rounds), sys.stdout)
        return
    rows = []
    for size in SOURCES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "people")
            write_sources(folder, size, options.scale)
            for extra, hidden in (("fast", ()), ("plain", ("cv2", "simplejpeg"))):
                command = [sys.executable, __file__, "--measure", str(folder)]
                command += ["--rounds", str(options.rounds), "--without", *hidden]
                found = subprocess.run(command, check=True, capture_output=True, text=True)
                for row in json.loads(found.stdout):
                    least = LEAST[extra, size[0]] if row["pipeline"].endswith("uint8") else 0.0
                    source = {"source": f"{size[0]}x{size[1]}", "extra": extra}
                    rows.append({**source, **row, "promised": least or ""})
    show("Loading to 256x128, images a second of one core", rows)
    versions = ("torch", "torchvision", "pillow", "simplejpeg", "opencv-python")
    save(options.out, {"machine": machine(*versions), "scale": options.scale, "results": rows})


if __name__ == "__main__":
    main()
