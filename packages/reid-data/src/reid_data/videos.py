"""Video files through PyAV (extra ``video``): frames in their order, and H.264 to write.

Frames are decoded one after the other from the beginning: what a seek lands on depends on the
container, what comes next never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from reid_data.console import require
from reid_data.files import replacing
from reid_data.images import Pixels

__all__ = [
    "VIDEO_ENDINGS",
    "VideoFrame",
    "VideoInfo",
    "VideoWriter",
    "open_video_writer",
    "probe_video",
    "read_frames",
    "read_video",
    "write_video",
]

VIDEO_ENDINGS = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".ts")
"""The endings of names that are taken for videos."""

_RATE = 25.0
_FINEST = 90_000  # ticks a second at least, the clock of broadcasts


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


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One picture of a video.

    Attributes:
        number: from 0.
        seconds: since the first picture, as the file tells them; frames need not be evenly spaced.
        pixels: RGB ``(H, W, 3)`` uint8, upright where the file says how the camera was held.
    """

    number: int
    seconds: float
    pixels: Pixels


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
                float(rate) if rate else _RATE,
                stream.frames or None,
                context.name,
            )
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error


def read_video(path: Path) -> Iterator[Pixels]:
    """The frames of a video in their order, RGB ``(H, W, 3)`` uint8; see `read_frames`."""
    return (frame.pixels for frame in read_frames(path))


def read_frames(path: Path) -> Iterator[VideoFrame]:
    """The frames of a video in their order with their times, all of one size.

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
            clock = _Clock(float(stream.average_rate or stream.base_rate or _RATE))
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
                if quarters := round(frame.rotation / 90) % 4:
                    pixels = np.ascontiguousarray(np.rot90(pixels, quarters))
                yield VideoFrame(number - 1, clock.seconds(frame.time), pixels)
    except (av.FFmpegError, OSError) as error:
        after = f" after frame {number}" if number else ""
        raise _unreadable(path, error, after=after) from error


def write_video(
    path: Path, images: Iterable[Pixels], *, rate: float = _RATE, quality: int = 20
) -> int:
    """Write evenly spaced frames; see `open_video_writer`.

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
    with open_video_writer(path, rate=rate, quality=quality) as writer:
        for image in images:
            writer.write(image)
    return writer.count


@contextmanager
def open_video_writer(
    path: Path, *, rate: float = _RATE, quality: int = 20
) -> Iterator[VideoWriter]:
    """Write H.264 (yuv420p, in MP4), which every player shows, one frame after the other.

    The same frames give the same bytes on the same machine.

    Args:
        path: the file; it appears when the block ends, and not at all where it raises.
        rate: frames a second.
        quality: x264's constant rate factor, 0 (lossless) to 51; less is better.

    Raises:
        ValueError: nothing was written, or a number is out of range.
        MissingExtraError: PyAV is not installed.
    """
    av = _pyav("writing videos")
    if not 0 < rate <= 1000 or not 0 <= quality <= 51:
        raise ValueError(f"expected a rate to 1000 and a quality to 51, came {rate} and {quality}")
    with replacing(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        writer = VideoWriter(container, rate=Fraction(rate).limit_denominator(100_000))
        writer.quality = quality
        yield writer
        if not writer.count:
            raise ValueError(f"no frames to write to {path}")
        writer.finish()


class VideoWriter:
    """What `open_video_writer` gives.

    Attributes:
        count: frames written so far.
        quality: see `open_video_writer`.
    """

    count: int = 0
    quality: int = 20

    def __init__(self, container: Any, *, rate: Fraction) -> None:
        self._container, self._rate = container, rate
        # A clock in which evenly spaced frames are whole ticks apart, and others nearly so.
        self._clock = Fraction(1, rate.numerator * ceil(_FINEST / rate.numerator))
        self._stream: Any = None
        self._last = -1

    def write(self, image: Pixels, *, seconds: float | None = None) -> None:
        """Append a frame ``(H, W, 3)`` uint8.

        Args:
            image: has even sides, the same for all frames.
            seconds: when it is shown, after those before it; one period of the rate after the
                start a frame, where it is not given.

        Raises:
            ValueError: the sides are odd, or others than before.
        """
        stream = self._stream = self._stream or self._h264(image)
        if image.shape != (stream.height, stream.width, 3) or image.dtype != np.uint8:
            raise ValueError(
                f"expected frames ({stream.height}, {stream.width}, 3) of uint8, frame "
                f"{self.count + 1} is {image.shape} of {image.dtype}"
            )
        frame = _pyav("writing videos").VideoFrame.from_ndarray(image, format="rgb24")
        moment = self.count / self._rate if seconds is None else Fraction(seconds)
        # Two frames of one moment would be refused by the container.
        self._last = max(round(moment / self._clock), self._last + 1)
        frame.pts, frame.time_base = self._last, self._clock
        self._container.mux(stream.encode(frame))
        self.count += 1

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode())

    def _h264(self, image: Pixels) -> Any:
        height, width = image.shape[:2]
        if height % 2 or width % 2:
            raise ValueError(f"H.264 wants even sides, came frames of {width} x {height} pixels")
        stream = self._container.add_stream("libx264", rate=self._rate)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.time_base = stream.codec_context.time_base = self._clock
        # One thread: where x264 divides a frame among several, the bytes depend on how many.
        stream.codec_context.thread_count = 1
        # With its macroblock tree, x264 decides by memory that it has not set: now and then the
        # same frames make other bytes.
        steady = "mbtree=0"
        stream.options = {"crf": str(self.quality), "preset": "veryfast", "x264-params": steady}
        return stream


class _Clock:
    """Seconds since the first frame; where the file tells none, by the rate."""

    def __init__(self, rate: float) -> None:
        self._period, self._first, self._last = 1 / rate, 0.0, -1 / rate

    def seconds(self, time: float | None) -> float:
        after = self._last + self._period
        if self._last < 0:
            self._first, after = time or 0.0, 0.0
        elif time is not None and time - self._first > self._last:
            after = time - self._first
        self._last = after
        return after


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
