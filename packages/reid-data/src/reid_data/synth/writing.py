"""Drawing and writing a whole data set."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from . import market1501
from .cameras import Camera, sample_cameras
from .crops import render
from .people import Person, sample_person, sample_stranger
from .plan import Shot, plan_shots
from .streams import Stream, generator

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["RENDERER", "check_request", "draw_shot", "synthesize"]

RENDERER = 1
"""Counts the changes after which the same arguments draw other pictures."""

_CHUNK = 64

_LIMITS = {
    "identities": (1, market1501.MAX_IDENTITIES),
    "test_identities": (1, market1501.MAX_IDENTITIES),
    "cameras": (2, market1501.MAX_CAMERAS),
    "images_per_camera": (1, 9999),
    "distractors": (0, 10_000_000),
    "height": (32, 4096),
    "width": (16, 4096),
    "seed": (0, 2**63 - 1),
    "workers": (0, 4096),
}


@dataclass(frozen=True)
class _Studio:
    """What every crop of a data set has in common."""

    folder: Path
    seed: int
    cameras: tuple[Camera, ...]
    height: int
    width: int


def synthesize(
    root: Path | str,
    *,
    identities: int = 150,
    test_identities: int = 60,
    cameras: int = 6,
    images_per_camera: int = 3,
    distractors: int = 100,
    height: int = 128,
    width: int = 64,
    seed: int = 0,
    workers: int = 0,
    advance: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Render people seen by several cameras, in the layout of Market-1501.

    The same arguments write the same bytes on the same machine, whatever the number of workers.
    Beside the three folders of images stands ``synth.json`` with the arguments. The folder
    appears under its name only when it is complete.

    Args:
        root: folder to write; it must not exist, or be empty.
        identities: people of the training set.
        test_identities: other people, of query and gallery.
        cameras: how many cameras; everybody passes all of them.
        images_per_camera: crops of one person in one camera; for a test identity these are the
            gallery, and one more is the query.
        distractors: gallery crops of strangers and of nobody; a quarter as many junk crops are
            added.
        height: of a crop in pixels.
        width: of a crop in pixels.
        seed: seed of everything random.
        workers: processes that draw; 0 draws in this one. As always with processes that are
            spawned, a script that asks for them starts under ``if __name__ == "__main__"``.
        advance: called with the number of crops just written.

    Returns:
        Number of images in each split.

    Raises:
        ValueError: an argument is out of range, or ``root`` is not empty.
    """
    arguments: dict[str, Any] = {
        "identities": identities,
        "test_identities": test_identities,
        "cameras": cameras,
        "images_per_camera": images_per_camera,
        "distractors": distractors,
        "seed": seed,
    }
    check_request(root, **arguments, height=height, width=width, workers=workers)
    shots = plan_shots(**arguments)
    with _appearing(Path(root).resolve()) as folder:
        for name in market1501.FOLDERS:
            (folder / name).mkdir()
        studio = _Studio(folder, seed, sample_cameras(cameras, seed=seed), height, width)
        for done in _draw_all(studio, shots, workers):
            if advance is not None:
                advance(done)
        facts = {**arguments, "height": height, "width": width, "layout": "market1501"}
        facts |= {"renderer": RENDERER, "version": __version__}
        (folder / "synth.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return dict(Counter(shot.split for shot in shots))


def check_request(root: Path | str, **arguments: int) -> None:
    """Refuse what `synthesize` cannot do, before anything is drawn.

    Args:
        root: folder to write.
        arguments: whole numbers by the names that `synthesize` gives them.

    Raises:
        ValueError: the first argument that is out of range, or ``root`` is not empty.
    """
    for name, value in arguments.items():
        low, high = _LIMITS[name]
        if not low <= value <= high:
            raise ValueError(f"{name}: expected {low} to {high}, got {value}")
    people = arguments["identities"] + arguments["test_identities"]
    if people > market1501.MAX_IDENTITIES:
        raise ValueError(
            f"identities and test_identities: expected at most {market1501.MAX_IDENTITIES} "
            f"together (file names have four digits), got {people}"
        )
    folder = Path(root)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"expected a folder to write to, {folder} is a file")
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; choose another folder or remove it first")


def draw_shot(
    shot: Shot, *, seed: int, camera: Camera, height: int = 128, width: int = 64
) -> npt.NDArray[np.uint8]:
    """One crop of a data set: (H, W, 3) uint8 RGB.

    Args:
        shot: which crop.
        seed: seed of the data set.
        camera: the camera of that number.
        height: of the crop in pixels.
        width: of the crop in pixels.
    """
    person: Person | None
    sloppy = shot.split == "junk"
    if shot.split == "distractor":
        rng = generator(seed, Stream.STRANGER, shot.index)
        person = sample_stranger(rng) if rng.random() < 0.7 else None
        sloppy = bool(rng.random() < 0.3)
    elif shot.split == "junk":
        rng = generator(seed, Stream.JUNK_CROP, shot.index)
        person = _person(shot.pid, seed)
    else:
        rng = generator(seed, Stream.CROP, shot.pid, shot.camid, shot.index)
        person = _person(shot.pid, seed)
    return render(person, camera, rng=rng, height=height, width=width, sloppy=sloppy)


@lru_cache(maxsize=256)
def _person(pid: int, seed: int) -> Person:
    return sample_person(pid, seed=seed)


def _draw_all(studio: _Studio, shots: list[Shot], workers: int) -> Iterator[int]:
    chunks = [shots[start : start + _CHUNK] for start in range(0, len(shots), _CHUNK)]
    if workers == 0:
        for chunk in chunks:
            yield _draw_chunk(studio, chunk)
        return
    # spawned, not forked: the caller may hold threads (torch does), which a fork would break
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )
    try:
        for future in as_completed([pool.submit(_draw_chunk, studio, part) for part in chunks]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _draw_chunk(studio: _Studio, shots: list[Shot]) -> int:
    from PIL import Image

    for shot in shots:
        camera = studio.cameras[shot.camid - 1]
        pixels = draw_shot(
            shot, seed=studio.seed, camera=camera, height=studio.height, width=studio.width
        )
        path = studio.folder / market1501.file_name(shot)
        Image.fromarray(pixels).save(path, format="JPEG", quality=camera.quality)
    return len(shots)


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
