"""The verb `video`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid_attr.options import Model
from reid_data.console import Device, Json, note, out_option, progress, require, show

if TYPE_CHECKING:
    from reid_attr.video.result import VideoTracks

__all__ = ["video"]

_SHOWN = 20


def video(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The video.")],
    model: Model,
    out: Annotated[Path, out_option("Video to write (.mp4), with .json and .csv beside.", "-o")],
    detector: Annotated[
        str, typer.Option("--detector", help="boxes, onnx, hog, or a detector of torchvision.")
    ],
    detector_file: Annotated[
        Path | None,
        typer.Option("--detector-file", help="Its boxes (.txt, .csv), .onnx file or weights."),
    ] = None,
    stride: Annotated[
        int, typer.Option("--stride", min=1, help="Recognise in each so manieth frame.")
    ] = 2,
    reid: Annotated[
        str | None, typer.Option("--reid", help="Re-ID checkpoint whose looks help tracking.")
    ] = None,
    keep_ids: Annotated[
        bool, typer.Option("--keep-ids", help="Take the ids of the boxes for tracks.")
    ] = False,
    min_score: Annotated[
        float | None, typer.Option("--min-score", min=0, max=1, help="Leave out unsurer boxes.")
    ] = None,
    onnx_layout: Annotated[
        str | None, typer.Option("--onnx-layout", help="corners, columns or objects. [guessed]")
    ] = None,
    max_gap: Annotated[
        float, typer.Option("--max-gap", min=0, help="Remember who is unseen, seconds.")
    ] = 2.0,
    half_life: Annotated[
        float, typer.Option("--half-life", help="After so many seconds a look counts half.")
    ] = 2.0,
    crops: Annotated[
        Path | None, typer.Option("--crops", help="Folder for the best crop of each track.")
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Frames worked on together.")
    ] = 8,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Find and follow people in a video, and write their attributes over it and into tables."""
    require("av", extra="reid-attr[video]", for_what="reid-attr video")
    from reid_attr.recognizer import load_recognizer
    from reid_attr.video.detectors import create_detector
    from reid_attr.video.following import WatchOptions
    from reid_attr.video.watching import watch
    from reid_data.videos import probe_video
    from reid_eval.embedders import load_embedder, resolve_device

    _check_places(source, out, detector_file)
    options = WatchOptions(stride, batch_size, half_life, max_gap, keep_ids)
    info, place, layout = probe_video(source), resolve_device(device), _any(onnx_layout)
    finder = create_detector(
        detector, detector_file, device=place, least_score=min_score, layout=layout
    )
    finder.begin(info)
    recognizer = load_recognizer(model, device=place)
    embedder = None if reid is None else load_embedder(reid, device=place)
    with progress("watching", info.frames) as advance:
        found = watch(
            source,
            out,
            recognizer=recognizer,
            detector=finder,
            embedder=embedder,
            options=options,
            advance=advance,
        )
    files = _save(found, out, crops)
    if not found.tracks:
        note(f"nobody was found in the {found.frames} frames of {source}")
    show(_rows(found), title=f"{len(found.tracks)} tracks in {found.clip}", as_json=as_json,
         payload=found.to_dict() | files)  # fmt: skip
    note(f"written: {', '.join(files.values())}")


def _any(value: Any) -> Any:
    return value


def _check_places(source: Path, out: Path, detector_file: Path | None) -> None:
    if out.suffix.lower() != ".mp4":
        raise ValueError(f"--out must end in .mp4, came {out.name}")
    if not source.is_file():
        raise ValueError(f"there is no video at {source}")
    read = {source.resolve()} | ({detector_file.resolve()} if detector_file else set())
    written = {out.with_suffix(suffix).resolve() for suffix in (".mp4", ".json", ".csv")}
    if clash := sorted(map(str, read & written)):
        raise ValueError(f"--out would write over {clash[0]}, which is read; name another file")


def _save(found: VideoTracks, out: Path, crops: Path | None) -> dict[str, str]:
    from reid_data.files import replacing

    boxes, about = out.with_suffix(".csv"), out.with_suffix(".json")
    found.save_boxes(boxes)
    files = {"video": str(out), "boxes": str(boxes), "tracks_file": str(about)}
    if crops is not None:
        found.save_crops(crops)
        files["crops"] = str(crops)
    with replacing(about) as temporary:
        temporary.write_text(json.dumps(found.to_dict() | files, indent=1) + "\n")
    return files


def _rows(found: VideoTracks) -> list[dict[str, Any]]:
    return [
        {
            "track": track.track,
            "frames": f"{track.first} to {track.last}",
            "best": track.best.frame,
            "attributes": ", ".join(word for word in track.attributes.values() if word),
        }
        for track in found.tracks[:_SHOWN]
    ]
