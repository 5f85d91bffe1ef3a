"""``reid-data poses``: pose clusters of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Data, Json, Out, Root, Seed, Workers, progress, show
from reid_data.preprocess.commands.common import Naming, Poses

if TYPE_CHECKING:
    from reid_data.preprocess.pose_geometry import Family, Form

__all__ = ["poses"]


def poses(
    keypoints: Poses,
    data: Data,
    root: Root,
    out: Out,
    family: Annotated[
        list[str] | None,
        typer.Option("--family", help="R_LA R_LAC R_A N_LA N_LAC N_A; all by default."),
    ] = None,
    clusters: Annotated[
        list[int] | None,
        typer.Option("--clusters", min=1, help="Numbers of clusters; 5, 10 .. 40 by default."),
    ] = None,
    fitted: Annotated[
        Path | None,
        typer.Option("--fitted", help="clusters.npz of another run: label by it, fit nothing."),
    ] = None,
    degrees: Annotated[
        bool, typer.Option("--degrees", help="Raw angles, as published, not unit vectors.")
    ] = False,
    naming: Naming = "stem",
    overlays: Annotated[
        int, typer.Option("--overlays", min=0, help="Draw so many skeletons over their images.")
    ] = 0,
    sheets: Annotated[
        int,
        typer.Option(
            "--sheets", min=0, help="Contact sheets: show so many training images of each cluster."
        ),
    ] = 0,
    seed: Seed = 0,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Cluster the poses of training images, and label all images by these clusters (0: no pose)."""
    from reid_data.datasets import load_dataset
    from reid_data.preprocess.naming import check_naming
    from reid_data.preprocess.outputs import check_new
    from reid_data.preprocess.pose_clusters import COUNTS, load_clusters
    from reid_data.preprocess.pose_files import read_poses
    from reid_data.preprocess.pose_labels import cluster_poses, poses_of, write_pose_labels

    check_new(out)
    names = check_naming(naming)
    families = _families(family)
    counts = sorted(set(clusters)) if clusters else list(COUNTS)
    known = load_clusters(fitted) if fitted is not None else None
    form: Form = "degrees" if degrees else "unit"
    found = read_poses(keypoints)
    records = load_dataset(data, root)
    with progress("measuring", total=None) as advance:
        matched = poses_of(found, records, workers=workers, advance=advance)
    with progress("clustering", total=0 if known else len(families) * len(counts)) as advance:
        labels = cluster_poses(
            matched,
            records,
            naming=names,
            families=families,
            counts=counts,
            form=form,
            seed=seed,
            clusters=known,
            advance=advance,
        )
    write_pose_labels(labels, matched, out, root=records.root, overlays=overlays, sheets=sheets)
    rows = [
        {
            "images": name,
            "rows": len(table),
            "without a pose": int((table.labels == 0).all(axis=1).sum()),
        }
        for name, table in (("train", labels.train), ("others", labels.others))
    ]
    payload = {"out": str(out), "tables": rows, "knees": labels.knees}
    show(rows, title=f"Poses in {out}", as_json=as_json, payload=payload)


def _families(names: list[str] | None) -> list[Family]:
    from reid_data.preprocess.pose_geometry import FAMILIES

    if unknown := [name for name in names or () if name not in FAMILIES]:
        raise ValueError(f"--family must be one of {', '.join(FAMILIES)}, came {unknown[0]!r}")
    return [known for known in FAMILIES if not names or known in names]
