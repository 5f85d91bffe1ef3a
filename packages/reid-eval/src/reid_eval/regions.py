"""People in a frame: boxes from any detector or tracker to embeddings."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from reid_data.images import resize
from reid_eval.embedders import Embedder

__all__ = ["Detections", "embed_boxes", "embed_detections"]

Channels = Literal["rgb", "bgr"]


class Detections(Protocol):
    """What is needed of ``supervision.Detections``.

    Attributes:
        xyxy: (N, 4) left, top, right and bottom in pixels.
    """

    xyxy: NDArray[np.float32]


def embed_boxes(
    embedder: Embedder,
    frame: NDArray[np.uint8],
    boxes: ArrayLike,
    *,
    channels: Channels = "rgb",
    batch_size: int = 128,
) -> NDArray[np.float32]:
    """Embed what boxes show of one frame.

    Args:
        embedder: the model.
        frame: uint8 (H, W, 3).
        boxes: (N, 4) left, top, right and bottom in pixels, right and bottom not included; what
            lies outside the frame is cut off.
        channels: order of the frame's channels; OpenCV's frames are ``"bgr"``.
        batch_size: boxes in one forward pass.

    Returns:
        (N, D) in the order of the boxes.

    Raises:
        ValueError: the frame or the boxes have another shape, or a box shows nothing of the frame.
    """
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise ValueError(f"expected a uint8 frame (H, W, 3), got {frame.dtype} {frame.shape}")
    if channels not in ("rgb", "bgr"):
        raise ValueError(f"channels must be 'rgb' or 'bgr', got {channels!r}")
    corners = _inside(np.asarray(boxes, dtype=np.float64).reshape(-1, 4), frame)
    found = np.empty((len(corners), embedder.embedding_size), np.float32)
    for start in range(0, len(corners), batch_size):
        part = corners[start : start + batch_size]
        crops = np.empty((len(part), *embedder.image_size, 3), np.uint8)
        for crop, (left, top, right, bottom) in zip(crops, part, strict=True):
            cut = frame[top:bottom, left:right]
            cut = cut[..., ::-1] if channels == "bgr" else cut
            resize(np.ascontiguousarray(cut), embedder.image_size, out=crop)
        images = torch.from_numpy(crops).permute(0, 3, 1, 2).to(embedder.device)
        with torch.inference_mode():
            found[start : start + len(part)] = embedder(images).float().cpu().numpy()
    return found


def embed_detections(
    embedder: Embedder,
    frame: NDArray[np.uint8],
    detections: Detections,
    *,
    channels: Channels = "bgr",
    batch_size: int = 128,
) -> NDArray[np.float32]:
    """Embed the detections of one frame, such as ``supervision.Detections``.

    Args:
        embedder: the model.
        frame: uint8 (H, W, 3), in OpenCV's order of channels unless ``channels`` says otherwise.
        detections: with boxes ``xyxy``.
        channels: order of the frame's channels.
        batch_size: detections in one forward pass.

    Returns:
        (N, D) in the order of the detections.
    """
    return embed_boxes(embedder, frame, detections.xyxy, channels=channels, batch_size=batch_size)


def _inside(boxes: NDArray[np.float64], frame: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Whole pixels that the boxes touch, within the frame."""
    if not np.isfinite(boxes).all():
        raise ValueError(f"box {int((~np.isfinite(boxes)).any(axis=1).argmax())} is not finite")
    height, width = frame.shape[:2]
    corners = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
    corners = corners.clip(0, [width, height, width, height]).astype(np.int64)
    empty = (corners[:, 2] <= corners[:, 0]) | (corners[:, 3] <= corners[:, 1])
    if empty.any():
        first = int(empty.argmax())
        raise ValueError(
            f"box {first} {boxes[first].tolist()} shows nothing of a frame of {width} x {height}; "
            "expected left, top, right, bottom in pixels"
        )
    return corners
