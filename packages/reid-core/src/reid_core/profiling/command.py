"""The verb `profile`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Device, Json, note, progress, show

if TYPE_CHECKING:
    from reid_core.profiling.profiler import Profile

__all__ = ["profile"]


def profile(
    model: Annotated[
        str, typer.Option("--model", help="Checkpoint folder, or a name of `reid-core models`.")
    ],
    image_size: Annotated[
        str | None,
        typer.Option("--image-size", metavar="HxW", help="Of a new network. [256x128]"),
    ] = None,
    backends: Annotated[
        list[str] | None,
        typer.Option("--backend", help="torch, openvino or compiled; repeat it. [all there are]"),
    ] = None,
    batch_sizes: Annotated[
        list[int], typer.Option("--batch-size", min=1, help="Images at once; repeat it.")
    ] = [1, 32],  # noqa: B006 - typer reads it, nothing changes it
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, help="Of each measurement, at least.")
    ] = 2.0,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Show what a network costs: parameters, operations, images a second, memory."""
    size = _size(image_size)
    from reid_core.profiling.profiler import profile_network

    with progress("measuring", len(backends) if backends else None) as advance:
        found = profile_network(
            model,
            image_size=size,
            backends=backends,
            batch_sizes=batch_sizes,
            device=device,
            seconds=seconds,
            advance=advance,
        )
    if as_json:
        show([], as_json=True, payload=found.to_dict())
    else:
        _show(found)


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise ValueError(f"--image-size is HEIGHTxWIDTH, such as 256x128; came {text!r}")
    return int(height), int(width)


def _show(found: Profile) -> None:
    height, width = found.image_size
    title = f"{found.name}, {height}x{width}, embeddings of {found.embedding_size}"
    rows = [
        {
            "part": part.part,
            "parameters, M": f"{part.parameters / 1e6:.3f}",
            "operations an image, GFLOP": f"{part.flops / 1e9:.3f}",
        }
        for part in found.parts
    ]
    show(rows, title=title)
    speeds = [
        {
            "backend": speed.backend,
            "precision": speed.precision,
            "batch": speed.batch_size,
            "images/s": speed.images_per_second,
            "ms a batch": speed.milliseconds,
            "memory, MiB": "not known" if speed.memory is None else f"{speed.memory:,.0f}",
        }
        for speed in found.speeds
    ]
    if speeds:
        show(speeds)
    for name, reason in found.complaints.items():
        note(f"{name}: {reason}")
