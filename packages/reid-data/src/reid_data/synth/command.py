"""The verb ``reid-data synth``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from reid_data.console import Json, Out, Seed, Workers, note, progress, show

__all__ = ["synth"]


def synth(
    out: Out,
    identities: Annotated[int, typer.Option(min=1, help="People of the training set.")] = 150,
    test_identities: Annotated[int, typer.Option(min=1, help="Other people, to test on.")] = 60,
    cameras: Annotated[int, typer.Option(min=2, max=9, help="Cameras that see everybody.")] = 6,
    images_per_camera: Annotated[
        int, typer.Option(min=1, help="Images of one person in one camera.")
    ] = 3,
    distractors: Annotated[
        int, typer.Option(min=0, help="Gallery images of nobody who is asked for.")
    ] = 100,
    height: Annotated[int, typer.Option(min=32, help="Height of an image in pixels.")] = 128,
    width: Annotated[int, typer.Option(min=16, help="Width of an image in pixels.")] = 64,
    seed: Seed = 0,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Render synthetic people seen by several cameras, in the layout of Market-1501."""
    from .plan import plan_shots
    from .writing import check_request, synthesize

    plan: dict[str, Any] = {
        "identities": identities,
        "test_identities": test_identities,
        "cameras": cameras,
        "images_per_camera": images_per_camera,
        "distractors": distractors,
        "seed": seed,
    }
    drawing = {"height": height, "width": width, "workers": workers}
    check_request(out, **plan, **drawing)
    with progress("rendering", total=len(plan_shots(**plan))) as advance:
        counts = synthesize(out, **plan, **drawing, advance=advance)
    rows = [{"split": split, "images": count} for split, count in counts.items()]
    show(rows, title=f"Synthetic people in {out}", as_json=as_json)
    note(f"Market-1501 layout; read it with: --data market1501 --root {out}")
