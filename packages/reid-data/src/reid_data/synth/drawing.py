"""Drawing the images of a data set, in this process or in several."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from .annotations import write_parsing
from .layouts.registry import Recorder
from .plan import Shot
from .studio import Studio

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Drawn", "Painter", "draw_all"]

_CHUNK = 64


@dataclass(frozen=True)
class Drawn:
    """What was just written.

    Attributes:
        count: how many images or frames.
        keypoints: the keypoints of each image by its path, if they were asked for.
    """

    count: int
    keypoints: dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Painter:
    """Writes images; it can be sent to another process.

    Attributes:
        studio: draws them.
        folder: the data set's root.
        hidden: splits in which something is in the way of everybody.
        annotations: whether parsing maps are written and keypoints returned.
    """

    studio: Studio
    folder: Path
    hidden: frozenset[str] = frozenset()
    annotations: bool = False

    @cached_property
    def _crowded(self) -> Studio:
        difficulty = replace(self.studio.difficulty, occlusion=1.0)
        return replace(self.studio, difficulty=difficulty)

    def paint(self, images: Sequence[tuple[str, Shot]]) -> Drawn:
        """Draw and write some images."""
        from PIL import Image

        keypoints = {}
        for path, shot in images:
            crop = (self._crowded if shot.split in self.hidden else self.studio).draw(shot)
            quality = self.studio.cameras[shot.camid - 1].quality
            Image.fromarray(crop.image).save(self.folder / path, quality=quality)
            if self.annotations:
                write_parsing(self.folder, path, crop.parsing)
                keypoints[path] = crop.keypoints
        return Drawn(len(images), keypoints)

    def record(self, recording: Recorder) -> Drawn:
        """Draw and write a sequence or a video."""
        recording.write(self.folder)
        return Drawn(len(recording), {})


def draw_all(
    painter: Painter,
    images: Sequence[tuple[str, Shot]],
    recordings: Sequence[Recorder],
    *,
    workers: int,
) -> Iterator[Drawn]:
    """Draw and write everything, in any order.

    Args:
        painter: writes.
        images: path and content of each image.
        recordings: sequences and videos, each of which one process writes.
        workers: processes; 0 draws in this one.
    """
    chunks = [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
    if workers == 0:
        yield from map(painter.paint, chunks)
        yield from map(painter.record, recordings)
        return
    # spawned, not forked: the caller may hold threads (torch does), which a fork would break
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )
    try:
        jobs = [pool.submit(painter.paint, chunk) for chunk in chunks]
        jobs += [pool.submit(painter.record, recording) for recording in recordings]
        for job in as_completed(jobs):
            yield job.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
