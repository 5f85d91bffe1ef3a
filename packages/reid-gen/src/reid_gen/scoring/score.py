"""All scores of a generated set, each under a name that says how it was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reid_data.preprocess.poses import Poses
from reid_eval.embedders import Embedder
from reid_gen.scoring.canvas import joints_on
from reid_gen.scoring.distribution import frechet_distance, kernel_distance
from reid_gen.scoring.keypoints import pckh
from reid_gen.scoring.masks import pose_masks
from reid_gen.scoring.pairing import ImagePair, read_batches
from reid_gen.scoring.similarity import l1_distance, masked_ssim, psnr, structural_similarity

__all__ = ["Score", "distribution_scores", "pair_scores", "pose_scores"]

_SSIM = "Gaussian 11x11, sigma 1.5, range 255"


@dataclass(frozen=True)
class Score:
    """One figure.

    Attributes:
        name: of the score; other extractors and variants have other names.
        value: the figure.
        images: how many images it is made of.
        how: what one must know to compare it.
    """

    name: str
    value: float
    images: int
    how: str


def pair_scores(
    pairs: Sequence[ImagePair],
    *,
    size: tuple[int, int] = (128, 64),
    poses: Poses | None = None,
    lpips: Callable[[Tensor, Tensor], Tensor] | None = None,
    batch_size: int = 64,
    advance: Callable[[int], None] | None = None,
) -> list[Score]:
    """SSIM, L1 and PSNR against the targets; mask-SSIM in both forms where poses are known; LPIPS.

    Args:
        pairs: at least one.
        size: to which both images are resized.
        poses: of the targets, in pixels of their images.
        lpips: gives the distances (B,) of two batches of uint8 images; none: leave them out.
        batch_size: pairs at once.
        advance: called with the number of pairs just compared.

    Raises:
        ValueError: there are no pairs, or a target has no keypoints.
    """
    if not pairs:
        raise ValueError("no generated image has a target of its name; FID needs none, SSIM does")
    joints = None
    if poses is not None:
        files = [pair.target for pair in pairs]
        joints = torch.from_numpy(joints_on(files, poses, size=size, needed=True)).float()
    found: dict[str, list[Tensor]] = {}
    fakes = read_batches([pair.fake for pair in pairs], size=size, batch_size=batch_size)
    targets = read_batches([pair.target for pair in pairs], size=size, batch_size=batch_size)
    start = 0
    for ours, theirs in zip(fakes, targets, strict=True):
        values = {
            "SSIM": structural_similarity(ours, theirs),
            "L1": l1_distance(ours, theirs),
            "PSNR": psnr(ours, theirs).clamp_max(100),
        }
        if joints is not None:
            masks = pose_masks(joints[start : start + len(ours)], size=size)
            values["mask-SSIM zeroed"] = masked_ssim(ours, theirs, masks, form="zeroed")
            values["mask-SSIM inside"] = masked_ssim(ours, theirs, masks, form="inside")
        if lpips is not None:
            values["LPIPS"] = lpips(ours, theirs)
        for name, part in values.items():
            found.setdefault(name, []).append(part)
        start += len(ours)
        if advance is not None:
            advance(len(ours))
    return [
        Score(name, float(torch.cat(parts).nanmean()), len(pairs), _how(name, size))
        for name, parts in found.items()
    ]


def distribution_scores(
    fakes: Sequence[Path],
    targets: Sequence[Path],
    embedder: Embedder,
    *,
    name: str = "reid",
    most: int = 3000,
    seed: int = 0,
    batch_size: int = 64,
    advance: Callable[[int], None] | None = None,
) -> list[Score]:
    """Frechet and kernel distance of the two sets' features, of equally many images of each.

    Args:
        fakes: generated files.
        targets: real ones; the pairing plays no part.
        embedder: the extractor.
        name: of the extractor, which becomes part of the scores' names.
        most: images of each set; all if there are fewer. The distance depends on it.
        seed: of the sample.
        batch_size: images at once.
        advance: called with the number of images just embedded.

    Raises:
        ValueError: a set has fewer than two images.
    """
    count = min(most, len(fakes), len(targets))
    if count < 2:
        raise ValueError(f"FID needs 2 images of each set at least, came {count}")
    rng = np.random.default_rng(seed)
    sides = []
    for files in (fakes, targets):
        chosen = np.sort(rng.permutation(len(files))[:count])
        sides.append(_features([files[row] for row in chosen], embedder, batch_size, advance))
    mean, deviation = kernel_distance(*sides, size=min(count, 1000), seed=seed)
    how = f"features of {name} ({embedder.fingerprint[:12]}), {count} images of each set"
    return [
        Score(f"FID {name}", frechet_distance(*sides), count, how),
        Score(f"KID {name}", mean, count, f"{how}; deviation over 100 subsets {deviation:.2g}"),
    ]


def pose_scores(
    fakes: Sequence[Path],
    targets: Sequence[Path],
    *,
    found: Poses,
    asked: Poses,
    size: tuple[int, int] = (128, 64),
) -> list[Score]:
    """PCKh of poses read from the generated images against those that were asked for.

    Args:
        fakes: generated files.
        targets: file of each one's target pose.
        found: poses that an estimator read from the generated images.
        asked: poses of the targets.
        size: height and width to which both are scaled.

    Raises:
        ValueError: a target has no keypoints.
    """
    theirs = joints_on(targets, asked, size=size, needed=True)
    score = pckh(joints_on(fakes, found, size=size, needed=False), theirs)
    how = (
        f"alpha 0.5, {score.joints} joints, {score.missing} not found, {score.headless} headless "
        "images left out"
    )
    return [
        Score("PCKh all joints", score.all, score.images, how),
        Score("PCKh found joints", score.found, score.images, how),
    ]


def _features(
    files: Sequence[Path],
    embedder: Embedder,
    batch_size: int,
    advance: Callable[[int], None] | None,
) -> NDArray[np.float32]:
    parts = []
    with torch.inference_mode():
        for batch in read_batches(files, size=embedder.image_size, batch_size=batch_size):
            parts.append(embedder(batch.to(embedder.device)).float().cpu().numpy())
            if advance is not None:
                advance(len(batch))
    return np.concatenate(parts)


def _how(name: str, size: tuple[int, int]) -> str:
    at = f"at {size[0]}x{size[1]}"
    if "SSIM" in name:
        return f"{_SSIM}, {at}"
    if name == "LPIPS":
        return f"AlexNet, version 0.1, {at}"
    return f"pixels -1 .. 1, {at}" if name == "L1" else f"dB, range 255, {at}"
