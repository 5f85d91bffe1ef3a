"""Drawing synthetic people: crops a second of one core.

    python benchmarks/rendering.py [--scale small] [--rounds 5] [--out FILE.json]

Each round draws the same crops anew, of people in several outfits and cameras, with parsing map
and keypoints, in one process and thread. There is no opponent: renderers of people that others
publish need a game engine.
"""

from __future__ import annotations

from functools import partial
from statistics import median

from _report import arguments, machine, save, show, turns

from reid_data.synth import Shot, Studio, open_studio, plan_shots

CROPS = 512
LEAST = 300.0  # of 128x64
SIZES = ((128, 64), (256, 128))


def draw(studio: Studio, shots: list[Shot]) -> None:
    for shot in shots:
        studio.draw(shot)


def main() -> None:
    options = arguments(__doc__).parse_args()
    people = max(round(CROPS * options.scale) // 16, 1)
    shots = plan_shots(
        identities=people,
        test_identities=1,
        cameras=4,
        images_per_camera=4,
        distractors=people,
        outfits=2,
        seed=0,
    )
    works = {
        f"{height}x{width}": partial(
            draw, open_studio(cameras=4, seed=0, height=height, width=width), shots
        )
        for height, width in SIZES
    }
    rows = [
        {
            "size": size,
            "crops": len(shots),
            "crops/s": len(shots) / median(seconds),
            "promised": LEAST if size == "128x64" else "",
        }
        for size, seconds in turns(works, options.rounds).items()
    ]
    show("Synthetic people, crops a second of one core", rows)
    save(options.out, {"machine": machine("numpy"), "scale": options.scale, "results": rows})


if __name__ == "__main__":
    main()
