"""``reid-gen generate``: draw people in other poses and clothes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reid_data.console import BatchSize, Data, Device, Json, Out, Root, Seed, progress, show
from reid_gen.commands.posing import open_posed

if TYPE_CHECKING:
    from reid_gen.generation.planning import Plan
    from reid_gen.generation.posed import PosedImages

__all__ = ["generate"]

_PoseSize = Annotated[
    tuple[int, int],
    typer.Option("--pose-size", help="Height and width of the images that --poses was read from."),
]


def generate(
    checkpoint: Annotated[
        Path, typer.Option("--checkpoint", help="Folder that reid-gen train-gan wrote, or hf://...")
    ],
    data: Data,
    root: Root,
    out: Out,
    keypoints: Annotated[
        Path | None,
        typer.Option("--keypoints", help="Keypoints of the images; ROOT/keypoints.csv by default."),
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Whose images are drawn.")] = "train",
    images: Annotated[
        int | None, typer.Option("--images", min=1, help="Draw so many random images only.")
    ] = None,
    per_image: Annotated[
        int, typer.Option("--per-image", min=1, help="Poses of the bank for each image.")
    ] = 4,
    clusters: Annotated[
        int, typer.Option("--clusters", min=1, help="Kinds of poses that the bank is sorted into.")
    ] = 8,
    poses: Annotated[
        Path | None, typer.Option("--poses", help="Draw each image in every pose of this file.")
    ] = None,
    pose_size: _PoseSize = (128, 64),
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="CSV from,to: draw these in those poses.")
    ] = None,
    clothes: Annotated[
        list[str],
        typer.Option("--change-clothes", help="upper, lower, all or a part: as other people have."),
    ] = [],  # noqa: B006 - typer reads it, nothing changes it
    claim: Annotated[
        Literal["new", "source"],
        typer.Option("--claim", help="Whom changed clothes show: a new person, or source."),
    ] = "new",
    skip_poseless: Annotated[
        bool, typer.Option("--skip-poseless", help="Leave out images without keypoints.")
    ] = False,
    batch_size: BatchSize = 64,
    seed: Seed = 0,
    device: Device = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where --out ends.")] = False,
    as_json: Json = False,
) -> None:
    """Draw the people of a data set in poses of others, and maybe in clothes of others.

    OUT is a generated set: images, manifest.jsonl that says how each was made, and records.csv,
    which reads as --data csv --root OUT/records.csv.
    """
    from reid_data import load_dataset
    from reid_eval import resolve_device
    from reid_gen.generation.engine import load_engine
    from reid_gen.generation.generating import generate
    from reid_gen.generation.hiding import parts_of
    from reid_gen.generation.planning import change_clothes

    if poses is not None and pairs is not None:
        raise ValueError("--poses and --pairs exclude each other")
    parts = parts_of(clothes) if clothes else ()
    engine = load_engine(checkpoint, device=resolve_device(device))
    records = load_dataset(data, root).split(split)
    canvas = engine.image_size
    posed = open_posed(records, keypoints, root, canvas=canvas, skip_poseless=skip_poseless)
    if pairs is not None:
        plan = _as_pairs_say(posed, pairs, seed=seed)
    elif poses is not None:
        plan = _in_poses_of(posed, poses, pose_size, canvas=canvas, most=images, seed=seed)
    else:
        plan = _in_poses_of_others(posed, clusters, per_image, most=images, seed=seed)
    if parts:
        plan = change_clothes(plan, posed, parts=parts, claim=claim, seed=seed)
    with progress("drawing", total=len(plan)) as advance:
        table = generate(
            engine, posed, plan, out, batch_size=batch_size, resume=resume, advance=advance
        )
    row = {
        "set": str(out),
        "images": len(table),
        "sources": int(table["source"].nunique()),
        "identities": int(table["pid"].nunique()),
    }
    show([row], as_json=as_json, payload=row)


def _as_pairs_say(posed: PosedImages, pairs: Path, *, seed: int) -> Plan:
    from reid_data.preprocess.pairs import read_pairs
    from reid_gen.generation.planning import plan_pairs
    from reid_gen.generation.posed import named_pairs

    return plan_pairs(posed, named_pairs(posed, read_pairs(pairs), source=pairs), seed=seed)


def _in_poses_of(
    posed: PosedImages,
    poses: Path,
    pose_size: tuple[int, int],
    *,
    canvas: tuple[int, int],
    most: int | None,
    seed: int,
) -> Plan:
    from reid_data.preprocess.pose_files import read_poses
    from reid_data.preprocess.poses import scale_joints
    from reid_gen.generation.planning import plan_given_poses

    given = read_poses(poses).to("openpose18")
    joints = scale_joints(given.joints, sizes=pose_size, canvas=canvas).astype("float32")
    return plan_given_poses(posed, joints, given.names, most=most, seed=seed)


def _in_poses_of_others(
    posed: PosedImages, clusters: int, per_image: int, *, most: int | None, seed: int
) -> Plan:
    from reid_gen.generation.planning import plan_poses
    from reid_gen.generation.pose_bank import build_pose_bank

    bank = build_pose_bank(posed, clusters=clusters, seed=seed)
    return plan_poses(posed, bank, per_image=per_image, most=most, seed=seed)
