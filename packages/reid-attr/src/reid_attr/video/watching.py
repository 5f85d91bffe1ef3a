"""A clip from its first frame to its last: found, followed, recognised, drawn and written."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from reid_attr.recognizer import Recognizer
from reid_attr.video.ahead import chunks_ahead, done_behind
from reid_attr.video.detections import Detector
from reid_attr.video.following import Follower, Scene, WatchOptions
from reid_attr.video.overlay import Overlay
from reid_attr.video.result import VideoTracks
from reid_data.console import Advance
from reid_data.videos import (
    VideoWriter,
    open_video_writer,
    probe_video,
    read_frames,
)
from reid_eval.embedders import Embedder

__all__ = ["watch"]


def watch(
    source: Path,
    out: Path | None,
    *,
    recognizer: Recognizer,
    detector: Detector,
    embedder: Embedder | None = None,
    options: WatchOptions | None = None,
    advance: Advance | None = None,
) -> VideoTracks:
    """Find everybody in a clip, and write it again with boxes and attributes drawn over it.

    Decoding and encoding each have a thread beside that of the networks.

    Args:
        source: any video that FFmpeg reads.
        out: H.264 without sound, at the rate and the times of the source; odd sides lose a pixel.
            It appears when it is complete. None: nothing is drawn and written.
        recognizer: of the attributes.
        detector: finds people.
        embedder: of a re-identification model, whose looks take part in tracking.
        options: see `WatchOptions`.
        advance: told how many frames are done.

    Raises:
        ValueError: the video is broken, changes its size or is not what the detector knows, or ids
            shall be kept and there are none.
    """
    chosen, info = options or WatchOptions(), probe_video(source)
    detector.begin(info)
    follower = Follower(info.rate, recognizer, detector, embedder, chosen)
    overlay, size, count = Overlay(), (0, 0), 0
    with ExitStack() as stack:
        writer = None
        if out is not None:
            writer = stack.enter_context(open_video_writer(out, rate=info.rate))
        hand_over = stack.enter_context(done_behind())
        for frames in chunks_ahead(read_frames(source), chosen.batch):
            scenes = follower.follow(frames)
            if writer is not None:
                hand_over(partial(_write, writer, overlay, scenes))
            height, width, _ = frames[0].pixels.shape
            size, count = (height, width), count + len(frames)
            if advance is not None:
                advance(len(frames))
        detector.end(count)
    memory = follower.memory
    return VideoTracks(
        source.name, size, count, info.rate, recognizer.schema, memory.tracks(), memory.boxes()
    )


def _write(writer: VideoWriter, overlay: Overlay, scenes: Sequence[Scene]) -> None:
    for scene in scenes:
        drawn = overlay.draw(scene.frame.pixels, scene.boxes, scene.captions)
        even = drawn[: drawn.shape[0] // 2 * 2, : drawn.shape[1] // 2 * 2]
        writer.write(np.ascontiguousarray(even), seconds=scene.frame.seconds)
