"""Whole frames with several people: one H.264 video a camera, and the truth beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reid_data.files import replacing
from reid_data.videos import write_video

from ..frames import Film, Frame, Sighting
from ..passages import Moves, plan_passages
from ..pose import OPENPOSE_18
from ..routes import FRAME_RATE
from ..streets import sample_street
from ..upar import attributes_of
from .contents import csv_file
from .registry import Arrangement, Plan, layout

__all__ = ["Recording", "films_of", "frame_size", "video"]

_HINT = "each {out}/cameraN.mp4 has its boxes and people in cameraN.csv, see also attributes.csv"

_COLUMNS = (
    "frame", "timestamp", "pid", "left", "top", "width", "height", "visibility",
    *(f"{joint}_{axis}" for joint in OPENPOSE_18 for axis in "xy"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Recording:
    """The video of one camera and the table of who is where in it.

    Attributes:
        film: what is recorded.
        name: of the two files, without their endings.
        split: under which its frames are counted.
    """

    film: Film
    name: str
    split: str = "train"

    def __len__(self) -> int:
        return len(self.film)

    def write(self, folder: Path) -> None:
        """Draw all frames and write both files."""
        rows: list[Sequence[object]] = [_COLUMNS]

        def noted(frames: Iterable[Frame]) -> Iterator[Frame]:
            for frame in frames:
                rows.extend(_row(frame.number, sighting) for sighting in frame.sightings)
                yield frame

        images = (frame.image for frame in noted(self.film))
        write_video(folder / f"{self.name}.mp4", images, rate=FRAME_RATE)
        with replacing(folder / f"{self.name}.csv") as temporary:
            temporary.write_bytes(csv_file(rows))


def _row(number: int, sighting: Sighting) -> Sequence[object]:
    places = [round(place, 1) for place in sighting.keypoints.ravel().tolist()]
    seconds = number / FRAME_RATE
    return number, seconds, sighting.pid, *sighting.box, round(sighting.visibility, 4), *places


def frame_size(plan: Plan) -> tuple[int, int]:
    """Height and width of frames in which near people are about as large as a crop.

    Examples:
        >>> from reid_data.synth import open_studio
        >>> frame_size(Plan([], {}, 0, open_studio(cameras=2, seed=0)))
        (352, 640)
    """
    return 2 * round(1.375 * plan.studio.height), 10 * plan.studio.width


def films_of(
    plan: Plan, pids: Sequence[int], *, first: int, count: int, moves: Moves = "walk"
) -> list[Film]:
    """What some of the cameras record while these people are about.

    Args:
        plan: says how many frames there are.
        pids: who comes by.
        first: number of the first camera.
        count: how many cameras.
        moves: what people do.
    """
    height, width = frame_size(plan)
    cameras = plan.studio.cameras[first - 1 : first - 1 + count]
    streets = [
        sample_street(camera.camid, seed=plan.seed, height=height, width=width)
        for camera in cameras
    ]
    frames = plan.amounts["tracklet_length"]
    passages = plan_passages(pids, streets, frames=frames, seed=plan.seed, moves=moves)
    return [
        Film(camera, street, [each for each in passages if each.camid == camera.camid], frames)
        for camera, street in zip(cameras, streets, strict=True)
    ]


@layout(
    "video",
    reader="",
    identities=(12, 1, 9999),
    test_identities=(1, 1, 9999),
    cameras=(3, 2, 99),
    images_per_camera=1,
    tracklet_length=(250, 1, 100_000),
)
def video(plan: Plan) -> Arrangement:
    """Full frames: a video a camera, its boxes and keypoints as CSV, everybody's attributes.

    ``camera1.csv`` has a row for everybody in every frame of ``camera1.mp4``: frames count from 0,
    boxes in pixels from 0 around the whole body, also where it is hidden or reaches out of the
    picture, and ``visibility`` is the share of it that is seen. All cameras begin together.
    ``attributes.csv`` has UPAR's 40 of each person.
    """
    people = plan.amounts["identities"] + plan.amounts["test_identities"]
    pids = range(1, people + 1)
    films = films_of(plan, pids, first=1, count=plan.amounts["cameras"])
    said = [attributes_of(plan.studio.person(pid)) for pid in pids]
    rows = [
        ("pid", *said[0]),
        *((pid, *each.values()) for pid, each in zip(pids, said, strict=True)),
    ]
    recordings = [Recording(film, f"camera{film.camera.camid}") for film in films]
    return Arrangement([], {"attributes.csv": csv_file(rows)}, recordings=recordings, hint=_HINT)
