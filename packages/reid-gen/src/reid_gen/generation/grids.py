"""Pictures of what a generator draws: a row a pair."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

from reid_data.images import Pixels
from reid_data.preprocess.pose_pictures import draw_pose
from reid_gen.generation.pair_loading import PairBatch

__all__ = ["pair_grid", "save_picture"]

_GAP, _LEAST = 4, 96


def pair_grid(batch: PairBatch, drawn: Tensor) -> Pixels:
    """Source, the pose wanted, the drawing and the truth beside each other, a row for each pair.

    Args:
        batch: the pairs.
        drawn: uint8 (B, 3, H, W).

    Returns:
        (rows, columns, 3) uint8; small images are enlarged.
    """
    scale = max(1, -(-_LEAST // drawn.shape[2]))
    poses = [
        draw_pose(np.zeros((*drawn.shape[2:], 3), np.uint8), joints, layout="openpose18")
        for joints in batch.target_joints.double().cpu().numpy()
    ]
    columns = [_rows(batch.sources), np.stack(poses), _rows(drawn), _rows(batch.targets)]
    edge = ((0, 0), (0, _GAP), (0, _GAP), (0, 0))
    framed = [
        np.pad(column.repeat(scale, axis=1).repeat(scale, axis=2), edge, constant_values=255)
        for column in columns
    ]
    return np.concatenate([np.concatenate(row, axis=1) for row in zip(*framed, strict=True)])


def save_picture(picture: Pixels, path: str) -> None:
    """Write a picture as PNG."""
    Image.fromarray(picture).save(path, format="PNG")


def _rows(images: Tensor) -> Pixels:
    return images.permute(0, 2, 3, 1).cpu().numpy()
