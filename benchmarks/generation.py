"""Does the generator learn, and does it change clothes? On made-up people, whose truth is known.

    python benchmarks/generation.py [--scale small] [--work FOLDER] [--set KEY=VALUE ...]
        [--out FILE.json]

The recipe ``fast`` learns from some people; others, seen by the same cameras, are drawn in poses of
their own other images. SSIM, L1 and PCKh of these drawings stand beside those of copying the source
image, of the mean training image, and of the mean training image of the camera; intervals are
bootstrapped over people. PCKh is read by a network trained on third people, whose own error is
printed. Then everybody gets a garment of somebody else, and is compared with the same person drawn
by the renderer in that garment. What is in ``--work`` already is not made again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from _made_up_people import GARMENTS, World, open_world
from _pose_reader import PoseReader, train_reader
from _report import arguments, machine, save, show
from PIL import Image
from torch import Tensor

from reid_data import eval_loader, load_dataset
from reid_data.console import progress
from reid_data.preprocess import read_poses
from reid_gen.generation import (
    DrawRequest,
    Engine,
    GanRecipe,
    PosedImages,
    find_pairs,
    load_engine,
    load_recipe,
    parts_of,
    pose_images,
    train_gan,
)
from reid_gen.scoring import l1_distance, pckh, structural_similarity

Values = npt.NDArray[np.float64]

PEOPLE, TESTED, CAMERAS, IMAGES = 150, 40, 3, 4
EPOCHS, READER_PEOPLE, READER_STEPS = 20, 2400, 1000
PAIRS, RESAMPLES = 400, 2000
APART = 40.0
"""Two garments differ if their mean colours are so far apart, of 255."""


@dataclass(frozen=True)
class Trial:
    """Held-out pairs and what was drawn of them.

    Attributes:
        images: of the people held out.
        pairs: rows (P, 2) of source and target.
        pixels: uint8 (N, 3, H, W) of all the images.
        people: (P,), whose pairs they are.
    """

    images: PosedImages
    pairs: npt.NDArray[np.int64]
    pixels: Tensor

    @property
    def people(self) -> npt.NDArray[np.int64]:
        return self.images.records.pids[self.pairs[:, 0]]

    def draw(self, engine: Engine, *, donors: Any = None, parts: tuple[str, ...] = ()) -> Tensor:
        """Each source in the pose of its target, maybe in clothes of donors (rows)."""
        joints = torch.from_numpy(self.images.joints)
        drawn = []
        for start in range(0, len(self.pairs), 64):
            source, target = (
                torch.from_numpy(self.pairs[start : start + 64, side].copy()) for side in (0, 1)
            )
            lent = None if donors is None else torch.from_numpy(donors[start : start + 64])
            request = DrawRequest(
                self.pixels[source], joints[source], joints[target], torch.zeros_like(source),
                None if lent is None else self.pixels[lent],
                None if lent is None else joints[lent],
                parts,
            )  # fmt: skip
            drawn.append(engine.draw(request))
        return torch.cat(drawn)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--work", type=Path, help="folder of what is made on the way")
    parser.add_argument("--set", action="append", default=[], help="override of the recipe")
    options = parser.parse_args()
    scale = options.scale
    work = options.work or Path(tempfile.gettempdir()) / f"reid-generation-{scale:g}"
    epochs = max(5, round(EPOCHS * scale))
    schedule = [f"schedule.epochs={epochs}", f"schedule.constant={epochs // 2}"]
    recipe = load_recipe("fast", [*schedule, *options.set])
    height, width = recipe.data.image_size
    world = open_world(
        work / "people",
        identities=max(40, round(PEOPLE * scale)),
        test_identities=max(12, round(TESTED * scale)),
        cameras=CAMERAS,
        images_per_camera=IMAGES,
        height=height,
        width=width,
        seed=1,
    )
    trained = learn(world, recipe, work / "run")
    engine, trial = load_engine(work / "run"), hold_out(world, recipe)
    reader = teach_reader(world, scale, work / "reader.safetensors")
    drawn = trial.draw(engine)
    rows, read = compare(trial, drawn, baselines(world, trial), reader)
    show(f"{len(trial.pairs)} pairs of {len(set(trial.people))} people held out", rows)
    show("keypoint network", [read])
    clothes = [change(world, trial, engine, garment) for garment in GARMENTS]
    show("garments of others, against the renderer's truth", clothes)
    picture(trial, drawn, work / "drawings.png")
    results = {"machine": machine("torch", "lightning"), "scale": scale, "training": trained}
    results |= {"recipe": recipe.model_dump(mode="json"), "pairs": len(trial.pairs)}
    save(options.out, {**results, "poses": rows, "keypoint network": read, "clothes": clothes})


def learn(world: World, recipe: GanRecipe, folder: Path) -> dict[str, Any]:
    """Train, or go on with a training that was broken off."""
    images = posed(world, recipe, "train")
    begun = (folder / "training" / "run.json").is_file()
    result = train_gan(recipe, images, out=folder, resume=begun, progress=progress)
    return {"images": len(images), "epochs": result.epochs, "pairs an epoch":
            recipe.data.pairs_per_epoch}  # fmt: skip


def posed(world: World, recipe: GanRecipe, *splits: str) -> PosedImages:
    """Images of these splits with their keypoints."""
    records = load_dataset("market1501", world.root).split(*splits)
    poses = read_poses(world.root / "keypoints.csv")
    return pose_images(records, poses, canvas=recipe.data.image_size)


def hold_out(world: World, recipe: GanRecipe) -> Trial:
    """Pairs of the test people."""
    images = posed(world, recipe, "query", "gallery")
    pairs = find_pairs(images, kind=recipe.data.pairs)
    kept = np.sort(np.random.default_rng(0).permutation(len(pairs))[:PAIRS])
    return Trial(images, pairs[kept], pixels_of(images))


def pixels_of(images: PosedImages) -> Tensor:
    """All images, uint8 (N, 3, H, W)."""
    loader = eval_loader(images.records, image_size=images.canvas, batch_size=64)
    return torch.cat([batch.images for batch in loader])


def teach_reader(world: World, scale: float, path: Path) -> PoseReader:
    """The keypoint network."""
    if path.is_file():
        return train_reader(torch.empty(0, 3, 2, 2), np.empty((0, 18, 2)), steps=0, path=path,
                            advance=lambda _: None)  # fmt: skip
    images, joints = world.strangers(max(900, round(READER_PEOPLE * scale)))
    steps = max(500, round(READER_STEPS * scale))
    with progress("keypoints", total=steps) as advance:
        return train_reader(images, joints, steps=steps, path=path, advance=advance)


def baselines(world: World, trial: Trial) -> dict[str, Tensor]:
    """What one has without a generator."""
    known = load_dataset("market1501", world.root).split("train")
    loader = eval_loader(known, image_size=trial.images.canvas, batch_size=64)
    pixels = torch.cat([batch.images for batch in loader]).float()
    cameras = torch.from_numpy(known.camids.copy())
    means = torch.stack([pixels[cameras == c].mean(dim=0) for c in range(1, CAMERAS + 1)])
    seen = torch.from_numpy(trial.images.records.camids[trial.pairs[:, 1]] - 1)
    return {
        "source image": trial.pixels[trial.pairs[:, 0]],
        "mean image": pixels.mean(dim=0).round().byte().expand(len(seen), -1, -1, -1),
        "mean of camera": means[seen].round().byte(),
    }


def compare(
    trial: Trial, drawn: Tensor, others: Mapping[str, Tensor], reader: PoseReader
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Scores of all, and how far the generator is ahead: mean and 95 % interval."""
    targets = trial.pixels[trial.pairs[:, 1]]
    joints = trial.images.joints[trial.pairs[:, 1]].astype(np.float64)
    ours = scores(drawn, targets, reader, joints)
    rows: list[dict[str, Any]] = [
        {"images": "drawn", **{name: float(value.mean()) for name, value in ours.items()}}
    ]
    rows[0] |= {f"{name} ahead": "" for name in ours}
    for name, images in others.items():
        theirs = scores(images.contiguous(), targets, reader, joints)
        row: dict[str, Any] = {"images": name}
        row |= {score: float(value.mean()) for score, value in theirs.items()}
        for score, value in theirs.items():
            gain = (ours[score] - value) * (-1 if score == "L1" else 1)
            row[f"{score} ahead"] = interval(gain, trial.people)
        rows.append(row)
    error = np.linalg.norm(reader.read(targets) - joints, axis=2)
    itself = {"error, pixels": float(np.nanmean(error)), "PCKh of photographs":
              float(right(reader.read(targets), joints).mean())}  # fmt: skip
    return rows, itself


def scores(
    images: Tensor, targets: Tensor, reader: PoseReader, joints: Values
) -> dict[str, Values]:
    """Of each image."""
    return {
        "SSIM": structural_similarity(images, targets).double().numpy(),
        "L1": l1_distance(images, targets).double().numpy(),
        "PCKh": right(reader.read(images), joints),
    }


def right(found: Values, joints: Values) -> Values:
    """Share of each image's joints that are within half of the head's size."""
    return np.array(
        [pckh(one[None], true[None]).all for one, true in zip(found, joints, strict=True)]
    )


def interval(gain: Values, people: npt.NDArray[np.int64]) -> str:
    """Mean, and the middle 95 % of means over people drawn with replacement."""
    names, owner = np.unique(people, return_inverse=True)
    sums = np.bincount(owner, weights=gain)
    counts = np.bincount(owner)
    drawn = np.random.default_rng(0).integers(len(names), size=(RESAMPLES, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{gain.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


def change(world: World, trial: Trial, engine: Engine, garment: str) -> dict[str, Any]:
    """Everybody in a garment of somebody else: does its colour appear, and does the rest stay?"""
    records, rng = trial.images.records, np.random.default_rng(1)
    paths, parts = records.table["path"].tolist(), parts_of([garment])
    donors = np.empty(len(trial.pairs), dtype=np.int64)
    for slot, source in enumerate(trial.pairs[:, 0].tolist()):
        others = (records.pids != records.pids[source]) & (records.camids == records.camids[source])
        donors[slot] = rng.choice(np.flatnonzero(others & trial.images.complete))
    kept, swapped = trial.draw(engine), trial.draw(engine, donors=donors, parts=parts)
    found: list[tuple[float, ...]] = []
    for slot, (target, donor) in enumerate(zip(trial.pairs[:, 1], donors, strict=True)):
        true = world.dressed(paths[target], lender=paths[donor], garment=garment)
        before = world.studio.draw(world.shots[paths[target]])
        labels = GARMENTS[garment][1]
        cloth = np.isin(true.parsing, labels) & np.isin(before.parsing, labels)
        rest = (true.parsing > 0) & ~np.isin(true.parsing, labels)
        rest &= (before.parsing > 0) & ~np.isin(before.parsing, labels)
        if cloth.sum() < 20 or rest.sum() < 20:
            continue
        images = [_rows(kept[slot]), _rows(swapped[slot]), true.image.astype(float),
                  before.image.astype(float)]  # fmt: skip
        own, new, donated, worn = (image[cloth].mean(axis=0) for image in images)
        if np.linalg.norm(donated - worn) < APART:
            continue
        stays = np.abs(images[0] - images[1]).mean(axis=2)
        found.append(
            (
                float(np.linalg.norm(new - donated)),
                float(np.linalg.norm(own - donated)),
                float(np.linalg.norm(new - donated) < np.linalg.norm(new - worn)),
                float(stays[cloth].mean()),
                float(stays[rest].mean()),
            )
        )
    values = np.array(found)
    names = ("to the donor's colour", "unchanged", "nearer to donor", "garment moved", "rest moved")
    return {"garment": garment, "images": len(values),
            **dict(zip(names, values.mean(axis=0).tolist(), strict=True))}  # fmt: skip


def picture(trial: Trial, drawn: Tensor, path: Path) -> None:
    """Sources, drawings and truth beside each other."""
    some = np.linspace(0, len(drawn) - 1, 16).astype(int)
    columns = [trial.pixels[trial.pairs[some, 0]], drawn[some], trial.pixels[trial.pairs[some, 1]]]
    rows = [np.concatenate([_rows(image) for image in column], axis=1) for column in columns]
    sheet = np.concatenate(rows).astype(np.uint8)
    Image.fromarray(sheet.repeat(3, axis=0).repeat(3, axis=1)).save(path)


def _rows(image: Tensor) -> Values:
    return image.permute(1, 2, 0).double().numpy()


if __name__ == "__main__":
    main()
