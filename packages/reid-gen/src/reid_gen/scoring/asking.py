"""All scores of a folder that the files at hand allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reid_data import from_images
from reid_data.preprocess.pose_files import read_poses
from reid_eval import load_embedder, resolve_device
from reid_gen.manifest import MANIFEST, as_records, read_manifest
from reid_gen.scoring.detection import PersonDetector, detection_score
from reid_gen.scoring.identity import identity_score
from reid_gen.scoring.inception import InceptionExtractor
from reid_gen.scoring.lpips import Lpips
from reid_gen.scoring.pairing import image_files, pair_images
from reid_gen.scoring.score import Score, distribution_scores, pair_scores, pose_scores

__all__ = ["Networks", "ask_pairs", "ask_sets"]


@dataclass(frozen=True)
class Networks:
    """The networks that look at images; those that are not given have no part.

    Attributes:
        model: a re-ID model, as `reid_eval.load_embedder` takes it, or empty.
        extractor: what it is called.
        inception: file of Inception's weights.
        lpips: file of AlexNet's weights.
        detector: name of torchvision's detector.
        detector_weights: file of its weights.
        device: where they compute.
    """

    model: str = ""
    extractor: str = "reid"
    inception: Path | None = None
    lpips: Path | None = None
    detector: str = ""
    detector_weights: Path | None = None
    device: str = "auto"

    @property
    def of_sets(self) -> bool:
        """Whether one of them looks at images without a target."""
        return bool(self.model) or self.inception is not None or self.detector_weights is not None


def ask_pairs(
    fake: Path,
    target: Path,
    networks: Networks,
    *,
    size: tuple[int, int],
    keypoints: Path | None,
    found: Path | None,
    batch_size: int,
    note: Callable[[str], None],
    advance: Callable[[int], None],
) -> list[Score]:
    """Scores of images and their targets.

    Args:
        fake: folder of the generated images.
        target: folder of their targets.
        networks: of which LPIPS's is used.
        size: height and width at which they are compared.
        keypoints: file of the targets' poses.
        found: file of the poses that were read from the generated images.
        batch_size: pairs at once.
        note: told how many images have no target.
        advance: called with the number of pairs just compared.

    Raises:
        ValueError: there are no pairs and nothing else to measure, or a file does not fit.
    """
    pairs, fakes = pair_images(fake, target), image_files(fake)
    if not pairs:
        if not networks.of_sets:
            raise ValueError(
                f"no image of {fake} has a target of its name in {target}; "
                "give --model or --inception for FID and KID, which need no pairs"
            )
        return []
    if len(pairs) < len(fakes):
        note(f"{len(fakes) - len(pairs)} of {len(fakes)} images have no target: left out")
    where = resolve_device(networks.device)
    poses = None if keypoints is None else read_poses(keypoints)
    scores = pair_scores(
        pairs,
        size=size,
        poses=poses,
        lpips=None if networks.lpips is None else Lpips(networks.lpips, device=where),
        batch_size=batch_size,
        advance=advance,
    )
    if found is not None and poses is not None:
        files = [pair.fake for pair in pairs], [pair.target for pair in pairs]
        scores += pose_scores(*files, found=read_poses(found), asked=poses, size=size)
    return scores


def ask_sets(
    fake: Path,
    target: Path,
    networks: Networks,
    *,
    size: tuple[int, int],
    most: int,
    seed: int,
    batch_size: int,
    advance: Callable[[int], None],
) -> list[Score]:
    """Scores that need no pairs: FID, KID, detection and rank-1, as far as networks are given.

    Args:
        fake: folder of the generated images.
        target: folder of real ones.
        networks: who looks.
        size: height and width of the images for those who take any.
        most: images of each set for FID and KID.
        seed: which ones.
        batch_size: images at once.
        advance: called with the number of images just looked at.

    Raises:
        ValueError: a file does not fit, or a set has fewer than two images.
    """
    files, where = image_files(fake), resolve_device(networks.device)
    distances = partial(
        distribution_scores,
        *(files, image_files(target)),
        most=most,
        seed=seed,
        batch_size=batch_size,
        advance=advance,
    )
    scores: list[Score] = []
    if networks.inception is not None:
        inception = InceptionExtractor(networks.inception, image_size=size, device=where)
        scores += distances(inception, name=inception.name)
    if networks.model:
        embedder, name = load_embedder(networks.model, device=where), networks.extractor
        scores += distances(embedder, name=name)
        if (fake / MANIFEST).is_file():
            real = from_images(target, pids="optional")
            if (real.pids >= 0).any():
                claimed = as_records(read_manifest(fake), fake)
                scores.append(identity_score(claimed, real, embedder, name=name))
    if networks.detector_weights is not None:
        looking = PersonDetector(networks.detector, networks.detector_weights, device=where)
        scores.append(detection_score(files, looking, size=size, advance=advance))
    return scores
