"""``reid-data masks``: masks of body parts from human parsings."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Json, Out, SkipUnreadable, Workers, progress, show
from reid_data.preprocess.commands.common import Naming

__all__ = ["masks"]


def masks(
    parsings: Annotated[
        Path,
        typer.Option(
            "--parsings", help="Folder of 20-class parsings: logits .npy, or labels .npy or .png."
        ),
    ],
    out: Out,
    images: Annotated[
        Path | None,
        typer.Option("--images", help="Folder of the images, to find missing and wrong sizes."),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", help="sil pant shirt full_pant full_shirt clothes head; all by default."
        ),
    ] = None,
    naming: Naming = "stem",
    least_share: Annotated[
        float,
        typer.Option(
            "--least-share", min=0, max=1, help="A smaller share of the image is a faulty mask."
        ),
    ] = 0.005,
    workers: Workers = 2,
    skip_unreadable: SkipUnreadable = False,
    as_json: Json = False,
) -> None:
    """Write masks of silhouette, trousers, shirt, clothes and head, and list the faulty ones."""
    from reid_data.preprocess.mask_faults import FAULT_LISTS
    from reid_data.preprocess.mask_files import parsing_files, write_masks
    from reid_data.preprocess.masks import KINDS
    from reid_data.preprocess.naming import check_naming

    kinds = [known for known in KINDS if not kind or known in kind]
    if unknown := [name for name in kind or () if name not in KINDS]:
        raise ValueError(f"--kind must be one of {', '.join(KINDS)}, came {', '.join(unknown)}")
    with progress("masks", total=len(parsing_files(parsings))) as advance:
        report = write_masks(
            parsings,
            out,
            kinds=kinds,
            naming=check_naming(naming),
            images=images,
            least_share=least_share,
            workers=workers,
            skip_unreadable=skip_unreadable,
            advance=advance,
        )
    counts = Counter((fault.kind, fault.reason) for fault in report.faults)
    rows = [
        {"list": f"faulty_{of}.csv", "images": len(report.faulty(of))}  # type: ignore[arg-type]
        for of in FAULT_LISTS
    ]
    payload = {
        "out": str(out),
        "images": report.images,
        "kinds": kinds,
        "faults": [asdict(fault) for fault in report.faults],
        "counts": {f"{name} {reason}": number for (name, reason), number in counts.items()},
    }
    show(rows, title=f"Masks of {report.images} images", as_json=as_json, payload=payload)
