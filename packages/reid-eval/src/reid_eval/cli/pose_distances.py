"""``reid-eval pose-distances``: does the model confuse poses with people?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Json, Seed, note, out_option, require, show
from reid_eval.cli.options import (
    CameraFilterOption,
    EvaluationFilterChoice,
    MetricChoice,
    MetricOption,
)
from reid_eval.cli.sides import check_out_file

if TYPE_CHECKING:
    from reid_data.preprocess import ImageLabels, PoseTable
    from reid_eval.embeddings import Embeddings
    from reid_eval.statistics import PoseDistances

__all__ = ["pose_distances_command"]

_FIGURES = (".png", ".pdf", ".svg", ".jpg")


def pose_distances_command(
    query: Annotated[Path, typer.Option("--query", help="Folder of query embeddings.")],
    gallery: Annotated[Path, typer.Option("--gallery", help="Folder of gallery embeddings.")],
    poses: Annotated[
        Path,
        typer.Option("--poses", help="Table of pose clusters, as `reid-data poses` writes it."),
    ],
    column: Annotated[str, typer.Option("--column", help="Which clustering.")] = "R_LA_15",
    out: Annotated[Path | None, out_option("Picture to write: .png, .pdf, .svg or .jpg.")] = None,
    metric: MetricOption = MetricChoice.COSINE,
    camera_filter: CameraFilterOption = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Compare distances of the same and other people in the same and other poses.

    Embeddings come from `reid-eval embed` or from `reid-eval test --out`. The poses of both sides
    must be of one clustering, as those of `reid-data poses` are.
    """
    if out is not None:
        check_out_file(out)
        if out.suffix.lower() not in _FIGURES:
            raise ValueError(f"--out must end in {' or '.join(_FIGURES)}, not {out.name!r}")
        require("matplotlib", extra="reid-eval[plots]", for_what="a picture")
    from reid_data.preprocess import read_pose_table
    from reid_eval.embeddings import Embeddings
    from reid_eval.statistics import pose_distances

    table = read_pose_table(poses)
    table.column(column)  # refused before embeddings are read
    asked, searched = Embeddings.load(query), Embeddings.load(gallery)
    found = pose_distances(
        asked,
        searched,
        _labels(asked, table, column).labels,
        _labels(searched, table, column).labels,
        metric=metric.value,
        camera_filter=(camera_filter or EvaluationFilterChoice.CROSS_CAMERA).value,
        seed=seed,
    )
    rows = [
        {
            "pairs": kind.name,
            "number": f"{len(kind.distances):,}",
            "mean distance": f"{kind.mean:.4f}",
            "deviation": f"{kind.distances.std():.4f}" if len(kind.distances) else "",
        }
        for kind in found.kinds
    ]
    if out is not None:
        _write(found, out)
    payload = {**found.to_dict(), "column": column, "file": None if out is None else str(out)}
    show(rows, title=f"Distances by {column}", as_json=as_json, payload=payload)
    if not as_json:
        note(
            f"another pose adds {found.pose_gap:+.4f}; others in the same pose are "
            f"{found.identity_gap:+.4f} farther than the person in another pose"
        )
        if found.without_pose:
            note(f"{found.without_pose} images without a pose (or junk) were left out")


def _labels(side: Embeddings, table: PoseTable, column: str) -> ImageLabels:
    from reid_data import Records
    from reid_data.preprocess import labels_of_images

    records = Records(side.table[["path", "pid"]].assign(split="gallery"), side.root)
    return labels_of_images(records, table, column=column)


def _write(found: PoseDistances, out: Path) -> None:
    from reid_data.files import replacing
    from reid_eval.plots.poses import plot_pose_distances

    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        plot_pose_distances(found).savefig(temporary, format=out.suffix[1:].lower())
