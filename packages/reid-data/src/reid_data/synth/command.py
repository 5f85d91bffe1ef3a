"""The verb ``reid-data synth``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Json, Seed, Workers, note, out_option, progress, show

__all__ = ["synth"]

_OCCLUSION = 0.12  # of `difficulty`, which needs numpy; a test compares the two

_People = Annotated[int | None, typer.Option(min=0, help="People of the training set.")]
_Tested = Annotated[int | None, typer.Option(min=1, help="Other people, to test on.")]
_Cameras = Annotated[int | None, typer.Option(min=2, help="Cameras that see everybody.")]
_Images = Annotated[
    int | None, typer.Option(min=1, help="Images, or walks, of one person in one camera.")
]
_Distractors = Annotated[
    int | None, typer.Option(min=0, help="Gallery images of nobody who is asked for.")
]
_Outfits = Annotated[int | None, typer.Option(min=1, help="Outfits of each person.")]
_Walk = Annotated[
    int | None, typer.Option(min=0, help="Frames of a walk; 0 for single images, no walks.")
]


def synth(
    out: Annotated[Path | None, out_option("Folder to write to.")] = None,
    layout: Annotated[
        str, typer.Option(help="Data set whose layout to write: NAME or NAME:KEY=VALUE.")
    ] = "market1501",
    list_layouts: Annotated[
        bool, typer.Option("--list-layouts", help="List the layouts, their defaults and options.")
    ] = False,
    identities: _People = None,
    test_identities: _Tested = None,
    cameras: _Cameras = None,
    images_per_camera: _Images = None,
    distractors: _Distractors = None,
    outfits: _Outfits = None,
    tracklet_length: _Walk = None,
    transitions: Annotated[
        bool, typer.Option("--transitions", help="People walk from camera to camera, in time.")
    ] = False,
    camera_shift: Annotated[
        float, typer.Option(help="Difference of light and colour between cameras, 0 to 3.")
    ] = 1.0,
    outfit_change: Annotated[
        float, typer.Option(help="Share of visits in another outfit than the first; 0: any.")
    ] = 0.0,
    occlusion: Annotated[float, typer.Option(help="How often something is in the way.")] = (
        _OCCLUSION
    ),
    resolution: Annotated[
        float, typer.Option(help="Up to which factor pictures lose resolution, 1 to 8.")
    ] = 1.0,
    annotations: Annotated[
        bool, typer.Option("--annotations", help="Write parsing maps, keypoints and genders too.")
    ] = False,
    height: Annotated[int, typer.Option(min=32, help="Height of an image in pixels.")] = 128,
    width: Annotated[int, typer.Option(min=16, help="Width of an image in pixels.")] = 64,
    seed: Seed = 0,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Render synthetic people seen by several cameras, in the layout of any data set of crops.

    How many people, cameras and images there are is by default what the layout says.
    """
    if list_layouts:
        _show_layouts(as_json=as_json)
        return
    if out is None:
        raise ValueError("--out says which folder to write; --list-layouts lists the layouts")
    from .difficulty import Difficulty
    from .layouts import find_layout
    from .writing import prepare, write

    order = prepare(
        out,
        layout=layout,
        identities=identities,
        test_identities=test_identities,
        cameras=cameras,
        images_per_camera=images_per_camera,
        distractors=distractors,
        outfits=outfits,
        tracklet_length=tracklet_length,
        transitions=transitions,
        annotations=annotations,
        difficulty=Difficulty(camera_shift, outfit_change, occlusion, (1.0, resolution)),
        height=height,
        width=width,
        seed=seed,
    )
    with progress("rendering", total=len(order)) as advance:
        counts = write(order, out, workers=workers, advance=advance)
    rows = [{"split": split, "images": count} for split, count in counts.items()]
    show(rows, title=f"Synthetic people in {out}", as_json=as_json)
    reader = find_layout(layout)[0].reader
    if order.arrangement.hint:
        note(order.arrangement.hint.format(out=out))
    elif reader == "csv" or not reader:
        note(f"read the images with: --data csv --root {out}/records.csv")
    else:
        note(f"read it with: --data {reader} --root {out}")


def _show_layouts(*, as_json: bool) -> None:
    from .layouts import list_layouts

    rows = []
    for layout in list_layouts():
        defaults = {name: amount.default for name, amount in layout.amounts.items()}
        rows.append(
            {
                "layout": layout.name,
                "defaults": "\n".join(
                    f"{name} {value}" for name, value in defaults.items() if value
                ),
                "options": "\n".join(f"{key}: {text}" for key, text in layout.options.items()),
                "what": layout.summary,
            }
        )
    payload = [
        {
            "layout": layout.name,
            "reader": layout.reader,
            "summary": layout.summary,
            "amounts": {name: vars(amount) for name, amount in layout.amounts.items()},
            "options": layout.options,
        }
        for layout in list_layouts()
    ]
    show(rows, title="Layouts", as_json=as_json, payload=payload)
