"""Heatmaps of poses, made where the images are: a Gaussian a joint, a soft capsule a part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from reid_data.console import Advance
from reid_data.preprocess.outputs import new_folder
from reid_data.preprocess.poses import JOINT_NAMES, Poses, scale_joints

__all__ = ["PARTS", "joint_heatmaps", "part_heatmaps", "write_heatmaps"]

PARTS = (
    "head",
    "torso",
    *(f"{side}_{part}" for side in ("right", "left") for part in ("upper_arm", "lower_arm")),
    *(f"{side}_{part}" for side in ("right", "left") for part in ("thigh", "shin")),
)
"""The ten body parts, in the order of their channels."""

# Radii of limbs relative to the torso, from neck to hips.
_ARM, _LEG, _TORSO, _HEAD = 0.10, 0.16, 0.30, 0.17
# A torso that cannot be seen, as a share of the canvas: people fill their crop.
_USUAL_TORSO = 0.3
_NAMES = JOINT_NAMES["openpose18"]


def joint_heatmaps(
    joints: Tensor, *, size: tuple[int, int] = (128, 64), sigma: float = 6.0
) -> Tensor:
    """A Gaussian around each joint, ``exp(-d**2 / (2 * sigma**2))``; zero for a missing joint.

    Args:
        joints: x and y on the canvas, ``(B, J, 2)``, floating; NaN where missing. (See
            `scale_joints` for images of another size.)
        size: height and width of the canvas.
        sigma: in pixels of the canvas.

    Returns:
        ``(B, J, H, W)``, of the joints' device and type.

    Raises:
        ValueError: the joints are no such tensor, or sigma is not positive.

    Examples:
        >>> maps = joint_heatmaps(torch.tensor([[[3.0, 1.0], [torch.nan, 0.0]]]), size=(4, 6))
        >>> maps.shape, maps[0, 0].argmax().item(), maps[0, 1].max().item()
        (torch.Size([1, 2, 4, 6]), 9, 0.0)
    """
    _check(joints, sigma)
    rows, columns = _grid(joints, size)
    across = torch.exp(-((columns - joints[..., 0:1]) ** 2) / (2 * sigma**2))
    down = torch.exp(-((rows - joints[..., 1:2]) ** 2) / (2 * sigma**2))
    # A Gaussian in two dimensions is the product of two in one.
    return (down[..., :, None] * across[..., None, :]).nan_to_num(0.0)


def part_heatmaps(
    joints: Tensor, *, size: tuple[int, int] = (128, 64), softness: float = 2.0
) -> Tensor:
    """A soft capsule over each of `PARTS`: 1 inside, falling off like a Gaussian outside.

    A part is a segment with a radius, which is a share of the torso's length. A part whose joints
    are missing is zero; the head is found by the nose, or else by eyes and ears.

    Args:
        joints: x and y on the canvas in OpenPose's order, ``(B, 18, 2)``, floating; NaN where
            missing.
        size: height and width of the canvas.
        softness: sigma of the fall, in pixels of the canvas.

    Returns:
        ``(B, 10, H, W)``, of the joints' device and type.

    Raises:
        ValueError: the joints are no such tensor, or the softness is not positive.
    """
    _check(joints, softness)
    if joints.shape[1] != len(_NAMES):
        raise ValueError(f"parts need joints (B, 18, 2) in OpenPose's order, came {joints.shape}")
    starts, ends, radii = _capsules(joints, size)
    rows, columns = _grid(joints, size)
    # Each (B, 10, 1, 1); rows and columns meet only where both are needed.
    x, y = starts[..., None, None].unbind(2)
    across, down = (ends - starts)[..., None, None].unbind(2)
    from_x, from_y = columns - x, rows[:, None] - y
    squared = (across.square() + down.square()).clamp_min(1e-6)
    share = (from_x * (across / squared) + from_y * (down / squared)).clamp(0, 1)
    distance = torch.hypot(from_x - share * across, from_y - share * down)
    outside = (distance - radii[:, :, None, None]).clamp_min(0)
    return torch.exp(-outside.square() / (2 * softness**2)).nan_to_num(0.0)


def write_heatmaps(
    poses: Poses,
    out: Path | str,
    *,
    kind: Literal["joints", "parts"] = "joints",
    size: tuple[int, int] = (128, 64),
    sigma: float | None = None,
    half: bool = False,
    device: torch.device | str = "cpu",
    batch_size: int = 64,
    advance: Advance | None = None,
) -> int:
    """Write ``<name>.npy`` of shape ``(H, W, channels)`` for each pose, as published.

    18 joints at 128x64 in float32 are 590 kB an image: prefer to make them while training.

    Args:
        poses: with image sizes, from which joints are scaled to the canvas.
        out: the new folder.
        kind: 18 joints, or 10 body parts.
        size: height and width of the canvas.
        sigma: of the joints, or the softness of the parts; 6 and 2 by default.
        half: write float16.
        device: where to compute.
        batch_size: poses at once.
        advance: called with the number of poses just finished.

    Returns:
        How many were written.

    Raises:
        ValueError: image sizes are unknown, a name leads out of the folder, or `out` is not empty.
    """
    if np.isnan(poses.sizes).any():
        raise ValueError("heatmaps need the size of each image; give them with with_sizes()")
    files = _files(poses.names)
    placed = scale_joints(poses.to("openpose18").joints, sizes=poses.sizes, canvas=size)
    with new_folder(Path(out)) as folder:
        for start in range(0, len(poses), batch_size):
            batch = torch.from_numpy(placed[start : start + batch_size]).to(device, torch.float32)
            if kind == "joints":
                maps = joint_heatmaps(batch, size=size, sigma=6.0 if sigma is None else sigma)
            else:
                maps = part_heatmaps(batch, size=size, softness=2.0 if sigma is None else sigma)
            arrays = maps.permute(0, 2, 3, 1).contiguous().cpu().numpy()
            for array, file in zip(arrays, files[start : start + batch_size], strict=True):
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                np.save(folder / file, array.astype(np.float16) if half else array)
            if advance is not None:
                advance(len(arrays))
    return len(poses)


def _capsules(joints: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Ends ``(B, 10, 2)`` twice, and radii ``(B, 10)``, in the order of `PARTS`."""

    def joint(name: str) -> Tensor:
        return joints[:, _NAMES.index(name)]

    neck, hips = joint("neck"), torch.stack([joint("right_hip"), joint("left_hip")]).mean(0)
    torso = (hips - neck).norm(dim=-1)
    usual = torch.full_like(torso, _USUAL_TORSO * size[0])
    torso = torch.where(torso.isnan(), usual, torso)
    others = joints[
        :, [_NAMES.index(f"{s}_{p}") for s in ("right", "left") for p in ("eye", "ear")]
    ]
    face = torch.where(joint("nose").isnan(), others.nanmean(dim=1), joint("nose"))
    up = face - neck
    # With its radius, from the chin to the crown; where that is, only the neck tells.
    segments = [(face - 0.2 * up, face + 0.2 * up, _HEAD), (neck, hips, _TORSO)]
    for side in ("right", "left"):
        shoulder, elbow, wrist = (joint(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
        segments += [(shoulder, elbow, _ARM), (elbow, wrist, _ARM)]
    for side in ("right", "left"):
        hip, knee, ankle = (joint(f"{side}_{name}") for name in ("hip", "knee", "ankle"))
        segments += [(hip, knee, _LEG), (knee, ankle, _LEG * 0.8)]
    starts = torch.stack([segment[0] for segment in segments], dim=1)
    ends = torch.stack([segment[1] for segment in segments], dim=1)
    shares = joints.new_tensor([segment[2] for segment in segments])
    return starts, ends, torso[:, None] * shares


def _grid(joints: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    height, width = size
    rows = torch.arange(height, dtype=joints.dtype, device=joints.device)
    return rows, torch.arange(width, dtype=joints.dtype, device=joints.device)


def _check(joints: Tensor, sigma: float) -> None:
    if joints.ndim != 3 or joints.shape[2] != 2 or not joints.is_floating_point():
        raise ValueError(
            f"expected floating joints (B, J, 2), came {joints.dtype} {tuple(joints.shape)}"
        )
    if not sigma > 0:
        raise ValueError(f"sigma and softness must be above 0 pixels, came {sigma}")


def _files(names: Sequence[str]) -> list[str]:
    """``<name>.npy`` each, below the folder; poses have distinct names."""
    files = [f"{name}.npy" for name in names]
    for file in files:
        if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
            raise ValueError(f"expected names of images, came {file.removesuffix('.npy')!r}")
    return files
