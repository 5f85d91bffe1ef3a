"""How fast `reid-attr video` is against the clock of the clip, and where the time goes.

``python benchmarks/video.py`` renders a street of synthetic people (640 x 352 at 25 frames a
second, H.264), watches it with its ground-truth boxes and the small C2T-Net (UPAR's 40 attributes,
crops of 128 x 64) at several strides, on two threads, and prints seconds of video for each second
of the clock, and the seconds of a core that a second of video takes, which depend less on what else
runs. Then each part is measured alone, in one thread. ``--clip FOLDER`` keeps the clip there, or
takes the one that is there: drawing it takes longer than watching it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _report
import numpy as np
import torch

from reid_attr import create_attribute_model, load_recognizer, save_attribute_model
from reid_attr.video import WatchOptions, create_detector, watch
from reid_attr.video.crops import cut
from reid_attr.video.overlay import Caption, Overlay
from reid_attr.video.quality import qualities
from reid_data.synth import synthesize
from reid_data.videos import probe_video, read_frames, read_video, write_video

SECONDS = 20
STRIDES = (1, 2, 5)
SAID = ("age adult", "female", "hair long", "upper black", "long legs", "lower blue", "backpack")


def main() -> None:
    options = _report.arguments(__doc__)
    options.add_argument("--threads", type=int, default=2, help="of the networks")
    options.add_argument("--clip", type=Path, help="folder of the clip")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    load = os.getloadavg()[0]  # of the minute before: what else runs
    with tempfile.TemporaryDirectory() as folder:
        street = chosen.clip or Path(folder) / "street"
        clip, model = prepared(street, Path(folder), seconds=max(2.0, SECONDS * chosen.scale))
        info = probe_video(clip)
        length = (info.frames or 0) / info.rate
        rows = [watched(clip, model, stride, length, chosen.rounds) for stride in STRIDES]
        parts = each_part(clip, model)
    title = f"{length:.0f} s of {info.width} x {info.height} at {info.rate:g} frames a second"
    _report.show(f"{title}: times real time", rows)
    _report.show("Milliseconds of one core for a frame", parts)
    results: dict[str, Any] = {
        "command": "python benchmarks/video.py",
        "clip": {"seconds": length, "width": info.width, "height": info.height, "rate": info.rate},
        "threads": chosen.threads,
        "load": load,
        "machine": _report.machine("torch", "av", "opencv-python", "reid-attr"),
        "runs": rows,
        "parts": parts,
    }
    _report.save(chosen.out, results)


def prepared(street: Path, folder: Path, *, seconds: float) -> tuple[Path, Path]:
    """A clip with its boxes beside it, and a model."""
    if not street.exists():
        synthesize(
            street,
            layout="video",
            identities=12,
            test_identities=1,
            cameras=2,
            tracklet_length=round(25 * seconds),
            seed=0,
        )
    torch.manual_seed(0)
    network = create_attribute_model("c2tnet_small", schema="upar", image_size=(128, 64))
    save_attribute_model(network, folder / "model")
    return street / "camera1.mp4", folder / "model"


def watched(clip: Path, model: Path, stride: int, length: float, rounds: int) -> dict[str, Any]:
    """The whole verb, from file to file; the median over the rounds."""
    recognizer = load_recognizer(model, device="cpu")
    times: list[float] = []
    busy: list[float] = []
    looks = boxes = frames = 0
    for _ in range(rounds):
        detector = create_detector("boxes", clip.with_suffix(".csv"))
        started, spent = time.perf_counter(), time.process_time()
        found = watch(
            clip,
            clip.with_name("seen.mp4"),
            recognizer=recognizer,
            detector=detector,
            options=WatchOptions(stride=stride),
        )
        times.append(time.perf_counter() - started)
        busy.append(time.process_time() - spent)
        looks = sum(track.looks for track in found.tracks)
        boxes, frames = len(found.boxes), found.frames
    return {
        "stride": stride,
        "times real time": float(length / np.median(times)),
        "slowest": float(length / max(times)),
        "core seconds/s of video": float(np.median(busy) / length),
        "boxes/frame": boxes / frames,
        "looks": looks,
    }


def each_part(clip: Path, model: Path) -> list[dict[str, Any]]:
    """Each part of the work alone, in one thread."""
    torch.set_num_threads(1)
    recognizer = load_recognizer(model, device="cpu")
    frames = list(read_frames(clip))[:75]
    detector = create_detector("boxes", clip.with_suffix(".csv"))
    people = [each.take(each.scores >= 0.5) for each in detector.detect(frames)]
    pairs = list(zip(frames, people, strict=True))
    cuts = [cut(frame.pixels, found.boxes, (128, 64)) for frame, found in pairs]
    crops = torch.from_numpy(np.concatenate([each for each, _ in cuts])).permute(0, 3, 1, 2)

    def recognised() -> None:
        for part in torch.split(crops, 32):
            recognizer(part)

    def judged() -> None:
        for (pixels, rows), (frame, found) in zip(cuts, pairs, strict=True):
            qualities(pixels, found.take(rows), frame.pixels.shape)

    def drawn() -> None:
        overlay = Overlay()
        for frame, found in pairs:
            captions = [Caption(at + 1, SAID) for at in range(len(found))]
            overlay.draw(frame.pixels, found.boxes, captions)

    works: dict[str, Callable[[], object]] = {
        "decode": lambda: sum(1 for _, _ in zip(read_video(clip), frames, strict=False)),
        "crop and resize": lambda: [cut(f.pixels, d.boxes, (128, 64)) for f, d in pairs],
        "recognise (stride 1)": recognised,
        "quality": judged,
        "overlay": drawn,
        "encode": lambda: write_video(clip.with_name("part.mp4"), (f.pixels for f in frames)),
    }
    seconds = _report.turns(works, 3)
    return [
        {"part": name, "ms": float(1e3 * np.median(spent) / len(frames))}
        for name, spent in seconds.items()
    ]


if __name__ == "__main__":
    main()
