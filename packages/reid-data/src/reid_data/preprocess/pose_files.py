"""Files of keypoints: AlphaPose's JSON and pickles, and the CSV of pose-guided generation."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reid_data.files import replacing
from reid_data.preprocess.poses import JOINT_NAMES, Joints, Layout, Poses
from reid_data.safe_pickle import UnsafePickleError, load_pickle

__all__ = [
    "read_alphapose_json",
    "read_alphapose_pickles",
    "read_openpose_csv",
    "read_poses",
    "write_openpose_csv",
]

_HEADER = "name:keypoints_y:keypoints_x"
_PICKLES = (".pkl", ".pickle", ".p")
# What str() of NumPy 2's integers left in some published files.
_NUMPY_INTEGER = re.compile(r"np\.int\d+\((-?\d+)\)")

Found = tuple[str, float, Joints, tuple[float, float]]
"""Name, score, joints and size of one detection."""


def read_poses(path: Path | str) -> Poses:
    """Read keypoints: a ``.csv`` or ``.json`` file, or a folder of pickles.

    Raises:
        ValueError: it is none of these, or malformed.
    """
    place = Path(path)
    if place.is_dir():
        return read_alphapose_pickles(place)
    if place.suffix.lower() == ".csv":
        return read_openpose_csv(place)
    if place.suffix.lower() == ".json":
        return read_alphapose_json(place)
    raise ValueError(
        f"expected keypoints at {place}: a .csv (name:keypoints_y:keypoints_x), a .json of "
        "AlphaPose, or a folder of pickles"
    )


def read_openpose_csv(path: Path | str) -> Poses:
    """Read ``name:keypoints_y:keypoints_x`` with two JSON lists of 18 integers a line, -1 missing.

    Blank lines are passed over, and a missing header is forgiven.

    Raises:
        ValueError: the file is missing or a line malformed; the message names the line.
    """
    names, rows = [], []
    for number, line in enumerate(_text(Path(path)).splitlines(), start=1):
        if not line.strip() or line.replace(" ", "").lower() == _HEADER:
            continue
        name, joints = _openpose_line(line, where=f"{path}, line {number}")
        names.append(name)
        rows.append(joints)
    return _poses(names, rows, "openpose18", [(math.nan, math.nan)] * len(names), where=path)


def write_openpose_csv(poses: Poses, path: Path | str) -> None:
    """Write poses in the published form, rounded to whole pixels; COCO's are converted.

    The published script relies on how NumPy prints integers, which NumPy 2 changed; this writes
    JSON.
    """
    openpose = poses.to("openpose18").joints
    whole = np.where(np.isnan(openpose), -1, np.rint(openpose)).astype(np.int64)
    lines = [_HEADER]
    for name, joints in zip(poses.names, whole.tolist(), strict=True):
        columns, rows = zip(*joints, strict=True)
        lines.append(f"{name}: {json.dumps(rows)}: {json.dumps(columns)}")
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(("\n".join(lines) + "\n").encode())


def read_alphapose_json(path: Path | str, *, min_score: float = 0.0) -> Poses:
    """Read AlphaPose's results: its own list of detections, or its CMU and OpenPose forms.

    Of several people in an image the one with the highest score is taken.

    Args:
        path: the file.
        min_score: joints below it count as not found. The published system has no such filter.

    Raises:
        ValueError: the file is missing or not of this form.
    """
    try:
        content = json.loads(_text(Path(path)))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    layout: Layout = "coco17" if isinstance(content, list) else "openpose18"
    try:
        detections = list(_detections(content, layout, min_score))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is not a result of AlphaPose (a list of image_id, keypoints and score, or a "
            f"mapping from images to bodies or people): {error!r}"
        ) from error
    return _best(detections, layout, where=path)


def read_alphapose_pickles(folder: Path | str) -> Poses:
    """Read a folder of pickles, one an image, named like the images; nothing in them is run.

    A pickle holds ``yolo_scores`` (N,), ``coordinates`` (N, 17, 2) and, where known,
    ``normalized_coords``; of several detections the one with the highest score is taken, and a
    pickle without detection gives no pose. The image's size follows from the two coordinates.

    Raises:
        ValueError: there is no pickle, or one is unsafe or malformed; the message names it.
    """
    root = Path(folder)
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in _PICKLES)
    if not files:
        raise ValueError(f"expected pickles of keypoints below {root}; found none")
    detections = []
    for file in files:
        name = file.relative_to(root).with_suffix("").as_posix()
        try:
            detections += list(_pickled(name, load_pickle(file)))
        except UnsafePickleError:
            raise
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(
                f"{file} must hold yolo_scores (N,) and coordinates (N, 17, 2): {error!r}"
            ) from error
    return _best(detections, "coco17", where=root)


def _openpose_line(line: str, *, where: str) -> tuple[str, Joints]:
    parts = line.rsplit(":", 2)
    try:
        rows, columns = (json.loads(_NUMPY_INTEGER.sub(r"\1", part)) for part in parts[1:])
        joints = np.array([columns, rows], dtype=np.float64).T
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{where}: expected a name and two JSON lists separated by colons: {error}"
        ) from error
    if joints.shape != (18, 2) or not np.isfinite(joints).all():
        raise ValueError(f"{where}: expected two lists of 18 numbers, came {joints.shape}")
    joints[(joints < 0).any(axis=1)] = np.nan
    return parts[0].strip(), joints


def _detections(content: Any, layout: Layout, min_score: float) -> Iterator[Found]:
    unknown = (math.nan, math.nan)
    if isinstance(content, list):
        for item in content:
            joints, scores = _triples(item["keypoints"], layout, min_score)
            score = float(item.get("score", scores.mean()))
            yield str(item["image_id"]), score, joints, unknown
        return
    for name, image in content.items():
        people = image["bodies"] if "bodies" in image else image["people"]
        for person in people:
            flat = person["joints"] if "joints" in person else person["pose_keypoints_2d"]
            joints, scores = _triples(flat, layout, min_score)
            yield str(name), float(scores.mean()), joints, unknown


def _triples(
    flat: Iterable[float], layout: Layout, min_score: float
) -> tuple[Joints, npt.NDArray[np.float64]]:
    triples = np.array(list(flat), dtype=np.float64).reshape(len(JOINT_NAMES[layout]), 3)
    if not np.isfinite(triples).all():
        raise ValueError("keypoints hold something that is not a number")
    joints, scores = triples[:, :2].copy(), triples[:, 2]
    joints[(scores < min_score) | (triples == 0).all(axis=1)] = np.nan
    return joints, scores


def _pickled(name: str, content: Any) -> Iterator[Found]:
    coordinates = content["coordinates"]
    if coordinates is None or len(coordinates) == 0:
        return
    joints = np.asarray(coordinates, dtype=np.float64)
    scores = np.asarray(content["yolo_scores"], dtype=np.float64).reshape(-1)
    if joints.shape != (len(scores), 17, 2) or not np.isfinite(joints).all():
        raise ValueError(f"came coordinates {joints.shape} and {len(scores)} scores")
    best = int(scores.argmax())
    normalized = content.get("normalized_coords")
    size = (math.nan, math.nan)
    if normalized is not None:
        size = _image_size(joints[best], np.asarray(normalized, dtype=np.float64)[best])
    yield name, float(scores[best]), joints[best], size


def _image_size(joints: Joints, normalized: Joints) -> tuple[float, float]:
    """Height and width, of which the normalised coordinates are shares."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratios = np.where(normalized > 0, joints / normalized, np.nan)
    known = ~np.isnan(ratios)
    width, height = (
        float(np.median(ratios[known[:, axis], axis])) if known[:, axis].any() else math.nan
        for axis in (0, 1)
    )
    return height, width


def _best(detections: Iterable[Found], layout: Layout, *, where: Path | str) -> Poses:
    """The detection with the highest score of each image, the images in the order they came."""
    best: dict[str, Found] = {}
    for found in detections:
        if found[0] not in best or found[1] > best[found[0]][1]:
            best[found[0]] = found
    chosen = list(best.values())
    sizes = [found[3] for found in chosen]
    return _poses(
        [found[0] for found in chosen], [f[2] for f in chosen], layout, sizes, where=where
    )


def _poses(
    names: list[str],
    joints: list[Joints],
    layout: Layout,
    sizes: list[tuple[float, float]],
    *,
    where: Path | str,
) -> Poses:
    shape = (len(names), len(JOINT_NAMES[layout]), 2)
    try:
        return Poses(
            tuple(names),
            np.array(joints, dtype=np.float64).reshape(shape),
            layout,
            np.array(sizes, dtype=np.float64).reshape(-1, 2),
        )
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _text(path: Path) -> str:
    if not path.is_file():
        raise ValueError(f"expected keypoints at {path}; there is no such file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error})") from error
