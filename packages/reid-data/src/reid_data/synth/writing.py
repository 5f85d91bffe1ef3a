"""Drawing and writing a whole data set, in any layout."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from .annotations import KEYPOINTS, keypoint_table
from .difficulty import Difficulty
from .drawing import Painter, draw_all
from .layouts import Arrangement, Plan, find_layout
from .layouts.genders import GENDERS, gender_file
from .layouts.truth import TRUTH, truth_table
from .plan import plan_shots
from .studio import Studio, open_studio

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["RENDERER", "Order", "prepare", "synthesize", "write"]

RENDERER = 1
"""Counts the changes after which the same arguments draw other pictures."""

_LIMITS = {"height": (32, 4096), "width": (16, 4096), "seed": (0, 2**63 - 1)}
_MOST_WORKERS = 4096


@dataclass(frozen=True)
class Order:
    """A data set that is planned and not yet drawn.

    Attributes:
        arrangement: every image and every other file.
        studio: draws the images.
        facts: the arguments, as ``synth.json`` will hold them.
        annotations: whether parsing maps, keypoints and genders are written too.
        reader: the data set that reads what is written; empty for none.
    """

    arrangement: Arrangement
    studio: Studio
    facts: Mapping[str, Any]
    annotations: bool = False
    reader: str = ""

    def __len__(self) -> int:
        frames = sum(len(recording) for recording in self.arrangement.recordings)
        return len(self.arrangement.images) + frames


def synthesize(
    root: Path | str,
    *,
    layout: str = "market1501",
    identities: int | None = None,
    test_identities: int | None = None,
    cameras: int | None = None,
    images_per_camera: int | None = None,
    distractors: int | None = None,
    outfits: int | None = None,
    tracklet_length: int | None = None,
    transitions: bool = False,
    difficulty: Difficulty | None = None,
    annotations: bool = False,
    height: int = 128,
    width: int = 64,
    seed: int = 0,
    workers: int = 0,
    advance: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Render people seen by several cameras, in the layout of any data set of crops.

    The same arguments write the same bytes on the same machine, whatever the number of workers.
    Beside the layout's own files stand ``synth.json`` with the arguments and, where they are crops,
    ``records.csv`` with all that is known about each, to be read as data set ``csv``. The folder
    appears under its name only when it is complete.

    Args:
        root: folder to write; it must not exist, or be empty.
        layout: one of `reid_data.synth.list_layouts`, with options as in ``msmt17:version=v2``.
        identities: people of the training set; this and the next six are by default what the
            layout says.
        test_identities: other people, of query and gallery.
        cameras: how many cameras; everybody passes all of them.
        images_per_camera: crops, or walks, of one person in one camera; for a test identity these
            are the gallery, and one more is the query.
        distractors: gallery crops of strangers and of nobody; a quarter as many junk crops are
            added.
        outfits: how many each person has.
        tracklet_length: frames of a walk; 0 for single pictures.
        transitions: people walk from camera to camera, in times that depend on the two.
        difficulty: see `reid_data.synth.Difficulty`.
        annotations: write the 20-class parsing map of each image into the folder ``parsing``,
            ``keypoints.csv`` in the form that pose-guided generation shares, and ``genders.csv`` in
            the form that clothes-changing systems share.
        height: of a crop in pixels.
        width: of a crop in pixels.
        seed: seed of everything random.
        workers: processes that draw; 0 draws in this one. As always with processes that are
            spawned, a script that asks for them starts under ``if __name__ == "__main__"``.
        advance: called with the number of crops just written.

    Returns:
        Number of images in each split.

    Raises:
        ValueError: an argument is out of range, the layout cannot hold it or is unknown, or
            ``root`` is not empty.
    """
    order = prepare(
        root,
        layout=layout,
        identities=identities,
        test_identities=test_identities,
        cameras=cameras,
        images_per_camera=images_per_camera,
        distractors=distractors,
        outfits=outfits,
        tracklet_length=tracklet_length,
        transitions=transitions,
        difficulty=difficulty,
        annotations=annotations,
        height=height,
        width=width,
        seed=seed,
    )
    return write(order, root, workers=workers, advance=advance)


def prepare(
    root: Path | str,
    *,
    layout: str = "market1501",
    transitions: bool = False,
    difficulty: Difficulty | None = None,
    annotations: bool = False,
    height: int = 128,
    width: int = 64,
    seed: int = 0,
    **amounts: int | None,
) -> Order:
    """Plan what `synthesize` writes, and refuse what it cannot do, before anything is drawn.

    Raises:
        ValueError: see `synthesize`.
    """
    found, options = find_layout(layout)
    chosen = found.resolve(amounts)
    for name, value in (("height", height), ("width", width), ("seed", seed)):
        _check_range(name, value, *_LIMITS[name])
    _check_target(Path(root))
    knobs = difficulty or Difficulty()
    studio = open_studio(
        cameras=chosen["cameras"], seed=seed, height=height, width=width, difficulty=knobs
    )
    shots = plan_shots(
        identities=chosen["identities"],
        test_identities=chosen["test_identities"],
        cameras=chosen["cameras"],
        images_per_camera=chosen["images_per_camera"],
        distractors=chosen["distractors"],
        outfits=chosen["outfits"],
        tracklet_length=chosen["tracklet_length"],
        outfit_change=knobs.outfit_change or None,
        transitions=transitions,
        seed=seed,
    )
    arrangement = found.arrange(Plan(shots, chosen, seed, studio), **options)
    facts = {"layout": found.name, "options": options, **chosen, "transitions": transitions}
    facts |= {"height": height, "width": width, "seed": seed, "difficulty": vars(knobs)}
    facts |= {"renderer": RENDERER, "version": __version__}
    return Order(arrangement, studio, facts, annotations, found.reader)


def write(
    order: Order,
    root: Path | str,
    *,
    workers: int = 0,
    advance: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Draw and write what was planned; see `synthesize`.

    Raises:
        ValueError: ``workers`` is out of range, or ``root`` is not empty.
    """
    _check_range("workers", workers, 0, _MOST_WORKERS)
    _check_target(Path(root))
    arrangement = order.arrangement
    with _appearing(Path(root).resolve()) as folder:
        for path in {Path(path).parent for path, _ in arrangement.images}:
            (folder / path).mkdir(parents=True, exist_ok=True)
        painter = Painter(order.studio, folder, arrangement.hidden, order.annotations)
        keypoints: dict[str, npt.NDArray[np.float32]] = {}
        for drawn in draw_all(painter, arrangement.images, arrangement.recordings, workers=workers):
            keypoints |= drawn.keypoints
            if advance is not None:
                advance(drawn.count)
        files = dict(arrangement.files)
        if order.annotations and arrangement.images:
            ordered = ((path, keypoints[path]) for path, _ in arrangement.images)
            files[KEYPOINTS] = keypoint_table(ordered)
        if arrangement.images:
            files[TRUTH] = truth_table(arrangement.images)
        files["synth.json"] = (json.dumps(order.facts, indent=2) + "\n").encode()
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        if arrangement.finish is not None:
            arrangement.finish(folder)
        if order.annotations and arrangement.images:
            genders = gender_file(folder, order.reader, arrangement.images, order.studio)
            (folder / GENDERS).write_bytes(genders)
    counts: Counter[str] = Counter(shot.split for _, shot in arrangement.images)
    for recording in arrangement.recordings:
        counts[recording.split] += len(recording)
    return dict(counts)


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name}: expected {low} to {high}, got {value}")


def _check_target(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"expected a folder to write to, {folder} is a file")
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; choose another folder or remove it first")


@contextmanager
def _appearing(root: Path) -> Iterator[Path]:
    """A folder beside ``root`` that takes its name when everything has been written."""
    root.parent.mkdir(parents=True, exist_ok=True)
    folder = root.with_name(f".{root.name}.{os.getpid()}.part")
    folder.mkdir()
    try:
        yield folder
        folder.replace(root)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
