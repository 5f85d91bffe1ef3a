"""Video files through PyAV (extra ``video``): frames in their order, and H.264 to write.

Frames are decoded one after the other from the beginning: what a seek lands on depends on the
container, what comes next never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from reid_data.console import require
from reid_data.files import replacing
from reid_data.images import Pixels

__all__ = ["VIDEO_ENDINGS", "VideoInfo", "probe_video", "read_video", "write_video"]

VIDEO_ENDINGS = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".ts")
"""The endings of names that are taken for videos."""


@dataclass(frozen=True)
class VideoInfo:
    """What the header of a video file says.

    Attributes:
        height: of a frame, pixels.
        width: of a frame, pixels.
        rate: frames a second.
        frames: how many there are; None where the container does not tell.
        codec: how they are encoded, for example ``h264``.
    """

    height: int
    width: int
    rate: float
    frames: int | None
    codec: str


def probe_video(path: Path) -> VideoInfo:
    """Read the header of a video file; no frame is decoded.

    Raises:
        ValueError: the file is missing or no video.
        MissingExtraError: PyAV is not installed.
    """
    av = _pyav("reading videos")
    try:
        with av.open(str(path)) as container:
            stream = _picture_stream(container, path)
            rate = stream.average_rate or stream.base_rate
            context = stream.codec_context
            return VideoInfo(
                context.height,
                context.width,
                float(rate) if rate else 25.0,
                stream.frames or None,
                context.name,
            )
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error


def read_video(path: Path) -> Iterator[Pixels]:
    """The frames of a video in their order, RGB ``(H, W, 3)`` uint8, all of one size.

    Raises:
        ValueError: the file is missing, no video, broken or cut off somewhere, or its frames change
            their size; the message says where. A file cut off between two frames may end without
            any error, so compare the number of frames with what you expect; and most codecs have
            no checksums, so a few wrong bytes may look like a picture.
        MissingExtraError: PyAV is not installed.
    """
    av = _pyav("reading videos")
    number = 0
    try:
        with av.open(str(path)) as container:
            stream = _picture_stream(container, path)
            stream.thread_type = "AUTO"
            size: tuple[int, ...] | None = None
            for number, frame in enumerate(container.decode(stream), start=1):
                if frame.is_corrupt:
                    raise ValueError(f"{path} is damaged: its frame {number} does not decode")
                pixels: Pixels = frame.to_ndarray(format="rgb24")
                size = size or pixels.shape
                if pixels.shape != size:
                    raise ValueError(
                        f"frame {number} of {path} is {pixels.shape[1]} x {pixels.shape[0]} "
                        f"pixels, those before it are {size[1]} x {size[0]}; expected one size"
                    )
                yield pixels
    except (av.FFmpegError, OSError) as error:
        after = f" after frame {number}" if number else ""
        raise _unreadable(path, error, after=after) from error


def write_video(
    path: Path, images: Iterable[Pixels], *, rate: float = 25.0, quality: int = 20
) -> int:
    """Write frames as H.264 (yuv420p, in MP4), which every player shows.

    The same frames give the same bytes on the same machine.

    Args:
        path: the file; it appears when it is complete.
        images: frames ``(H, W, 3)`` uint8, of one size with even sides; they may be a generator.
        rate: frames a second.
        quality: x264's constant rate factor, 0 (lossless) to 51; less is better.

    Returns:
        The number of frames written.

    Raises:
        ValueError: there are no frames, their sides are odd or differ, or a number is out of range.
        MissingExtraError: PyAV is not installed.
    """
    av = _pyav("writing videos")
    if not 0 < rate <= 1000 or not 0 <= quality <= 51:
        raise ValueError(f"expected a rate to 1000 and a quality to 51, came {rate} and {quality}")
    count = 0
    with replacing(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream: Any = None
        for image in images:
            if stream is None:
                stream = _h264(container, image, rate=rate, quality=quality)
            if image.shape != (stream.height, stream.width, 3) or image.dtype != np.uint8:
                raise ValueError(
                    f"expected frames ({stream.height}, {stream.width}, 3) of uint8, frame "
                    f"{count + 1} is {image.shape} of {image.dtype}"
                )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            count += 1
        if stream is None:
            raise ValueError(f"no frames to write to {path}")
        container.mux(stream.encode())
    return count


def _h264(container: Any, image: Pixels, *, rate: float, quality: int) -> Any:
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        raise ValueError(f"H.264 wants even sides, came frames of {width} x {height} pixels")
    stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(100_000))
    stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
    # One thread: where x264 divides a frame among several, the bytes depend on how many.
    stream.codec_context.thread_count = 1
    stream.options = {"crf": str(quality), "preset": "veryfast"}
    return stream


def _picture_stream(container: Any, path: Path) -> Any:
    if not container.streams.video:
        raise ValueError(f"{path} holds no video")
    return container.streams.video[0]


def _unreadable(path: Path, error: Exception, *, after: str = "") -> ValueError:
    reason = getattr(error, "strerror", None) or str(error)
    return ValueError(f"{path} is no readable video{after}: {reason.lower()}")


def _pyav(what: str) -> Any:
    require("av", extra="reid-data[video]", for_what=what)
    return import_module("av")
