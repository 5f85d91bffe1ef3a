"""People with several outfits, drawn; networks trained on them; and how each of them scores.

Everything is kept in a work folder, piece by piece, so that a stopped benchmark goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reid_core.training import load_recipe, train
from reid_core.training.data.sidecars import Sidecars
from reid_data import load_dataset
from reid_data.files import replacing
from reid_data.preprocess import (
    cluster_poses,
    poses_of,
    read_openpose_csv,
    write_masks,
    write_pose_labels,
)
from reid_data.synth import Difficulty, synthesize
from reid_data.synth.writing import prepare, write
from reid_eval import Embeddings, embed
from reid_eval.embedders import Embedder, load_embedder
from reid_eval.evaluation import evaluate_protocol
from reid_eval.protocols import make_protocol
from reid_eval.robustness import embed_degraded, parse_levels

__all__ = [
    "BACKBONE",
    "IMAGE_SIZE",
    "LEVELS",
    "Scores",
    "Size",
    "Variant",
    "Wardrobe",
    "scores_of",
]

LEVELS = {
    "usual": Difficulty(),
    "occlusion 0.5": Difficulty(occlusion=0.5),
}
"""What the same test people at the same moments are drawn with; ``usual`` is frozen."""

_CAMERAS, _OUTFITS = 6, 3
BACKBONE, IMAGE_SIZE = "timm:test_resnet", (96, 48)


@dataclass(frozen=True)
class Size:
    """How much is drawn and trained.

    Attributes:
        people: identities to learn from, of the target data set.
        tested: identities to test on.
        sharp: identities of the teacher's data set.
        strangers: people whom the backbone learns to describe before anything else.
        epochs: of every recipe.
        strangers_epochs: of the backbone.
    """

    people: int
    tested: int
    sharp: int
    strangers: int
    epochs: int
    strangers_epochs: int

    def scaled(self, share: float) -> Size:
        """Less of everything; nothing falls below what still runs."""
        least = {"people": 16, "tested": 8, "sharp": 16, "strangers": 64, "epochs": 2}
        return Size(
            **{
                name: max(round(value * share), least.get(name, 1))
                for name, value in vars(self).items()
            }
        )

    @property
    def overrides(self) -> list[str]:
        """What all recipes have in common here, whatever they are else."""
        return [
            f"model.name={BACKBONE}",
            "model.pretrained=false",
            "model.last_stride=2",
            f"data.image_size={list(IMAGE_SIZE)}",
            "data.augmentation={flip: 0.5, pad: 4, erase: 0.0}",
            f"data.identities_per_batch={min(16, self.people)}",
            "data.images_per_identity=4",
            "optimizer.name=adam",
            "optimizer.lr=1.0e-3",
            "schedule.kind=cosine",
            "schedule.warmup_epochs=1",
            # Nothing is chosen by looking at scores: the last epoch counts, of a fixed number.
            "evaluation.val_identities=0",
            "logging.tensorboard=false",
        ]


@dataclass(frozen=True)
class Variant:
    """A recipe, what is changed in it, and what it needs beside images.

    Attributes:
        recipe: its name.
        changes: overrides.
        needs: of ``genders``, ``poses`` and ``masks``.
        sharp: learn from the sharp data set instead of the target one.
        teacher: a variant that is trained first, from which this one learns on the sharp data set.
    """

    recipe: str
    changes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    sharp: bool = False
    teacher: str = ""


@dataclass(frozen=True)
class Scores:
    """One network on one set of queries.

    Attributes:
        precision: average precision of each query, ``(Q,)``, those without a match left out.
        first: whether the first answer is right, ``(Q,)``.
        pids: whose query, ``(Q,)``.
    """

    precision: NDArray[np.float64]
    first: NDArray[np.float64]
    pids: NDArray[np.int64]

    def save(self, path: Path) -> None:
        """Write them, whole or not at all."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Scores:
        """Read them."""
        with np.load(path) as found:
            return cls(**found)


@dataclass(frozen=True)
class Wardrobe:
    """The data and the networks of one seed.

    Attributes:
        folder: where they are kept.
        seed: of people, cameras and training.
        size: how much.
        weights: where networks begin.
        variants: by name.
    """

    folder: Path
    seed: int
    size: Size
    weights: Path
    variants: Mapping[str, Variant]
    _open: dict[str, tuple[Embedder, dict[str, Embeddings]]] = field(default_factory=dict)

    @cached_property
    def _place(self) -> Path:
        return self.folder / f"seed-{self.seed}"

    def data(self, level: str) -> Path:
        """The target data set; at other levels than the usual one only its test images."""
        place = self._place / level.replace(" ", "-")
        if not place.is_dir():
            self._draw(place, LEVELS[level], everything=level == "usual")
        return place

    @property
    def sharp(self) -> Path:
        """The teacher's data set: other people, hardly ever twice in the same clothes."""
        place = self._place / "sharp"
        if not place.is_dir():
            few: dict[str, Any] = {
                "identities": self.size.sharp,
                "test_identities": 1,
                "images_per_camera": 2,
            }
            synthesize(place, layout="celeb_reid", seed=self.seed + 5000, cameras=_CAMERAS, **few)
        return place

    def _draw(self, place: Path, difficulty: Difficulty, *, everything: bool) -> None:
        order = prepare(
            place,
            layout="csv",
            seed=self.seed,
            difficulty=difficulty,
            annotations=everything,
            identities=self.size.people,
            test_identities=self.size.tested,
            cameras=_CAMERAS,
            outfits=_OUTFITS,
            images_per_camera=2,
            distractors=0,
        )
        if not everything:
            kept = [
                (path, shot) for path, shot in order.arrangement.images if shot.split != "train"
            ]
            order = replace(order, arrangement=replace(order.arrangement, images=kept))
        write(order, place)

    def sidecar(self, name: str) -> Path:
        """The genders, the table of poses or the folder of masks of the target data set."""
        data = self.data("usual")
        if name == "genders":
            return data / "genders.csv"
        made = self._place / name
        if name == "masks" and not made.is_dir():
            write_masks(data / "parsing", made, kinds=("shirt", "pant", "clothes"))
        if name == "poses" and not made.is_dir():
            records = load_dataset("csv", data / "records.csv")
            poses = poses_of(read_openpose_csv(data / "keypoints.csv"), records)
            labels = cluster_poses(
                poses, records, naming="stem", families=("R_LA",), counts=(15,), seed=0
            )
            write_pose_labels(labels, poses, made)
        return made / "poses_train.csv" if name == "poses" else made

    def network(self, name: str) -> Path:
        """The checkpoint folder of a variant, trained now if it was not before."""
        run = self._place / "runs" / name
        if (run / "done.json").is_file():
            return run
        variant = self.variants[name]
        overrides = [
            *self.size.overrides,
            f"model.weights={self.weights}",
            f"schedule.epochs={self.size.epochs}",
            *variant.changes,
        ]
        options: dict[str, Any] = {}
        if variant.needs:
            beside: dict[str, Any] = {need: self.sidecar(need) for need in variant.needs}
            options["sidecars"] = Sidecars(**beside)
        if variant.teacher:
            overrides.append(f"loss.teach_twins.teacher={self.network(variant.teacher)}")
            options["second"] = load_dataset("celeb_reid", self.sharp)
        records = (
            load_dataset("celeb_reid", self.sharp)
            if variant.sharp
            else load_dataset("csv", self.data("usual") / "records.csv")
        )
        result = train(
            load_recipe(variant.recipe, overrides),
            records,
            out=run,
            seed=self.seed,
            workers=0,
            resume=(run / "recipe.yaml").is_file(),
            **options,
        )
        speed = {"images_per_second": result.images_per_second, "epochs": result.epochs}
        (run / "done.json").write_text(json.dumps(speed))
        return run

    def scores(self, name: str, level: str, degraded: str = "") -> Scores:
        """How a variant finds people in other clothes, with worse queries if asked for."""
        what = f"{level} {degraded}".strip().replace(" ", "-")
        file = self._place / "scores" / name / f"{what}.npz"
        if not file.is_file():
            self._score(name, level, degraded).save(file)
        return Scores.load(file)

    def _score(self, name: str, level: str, degraded: str) -> Scores:
        embedder, sides = self._embedded(name, level)
        query = sides["query"]
        if degraded:
            (worse,) = parse_levels([degraded.replace(" ", ":")], seed=self.seed)
            query = embed_degraded(
                embedder, query, worse, image_size=embedder.image_size, device=embedder.device
            )
        return scores_of(query, sides["gallery"], seed=self.seed)

    def _embedded(self, name: str, level: str) -> tuple[Embedder, dict[str, Embeddings]]:
        key = f"{name} {level}"
        if key not in self._open:
            embedder = load_embedder(str(self.network(name)), device="cpu")
            records = load_dataset("csv", self.data(level) / "records.csv")
            self._open.clear()
            self._open[key] = (
                embedder,
                {
                    side: embed(embedder, records.split(side), workers=0)
                    for side in ("query", "gallery")
                },
            )
        return self._open[key]


def scores_of(query: Embeddings, gallery: Embeddings, *, seed: int) -> Scores:
    """How the people of a seed's data set are found in other clothes."""
    found = evaluate_protocol(query, gallery, make_protocol("cloth-changing"))
    report, asked = found.report, found.trials[0].queries["pid"].to_numpy(np.int64)
    counted = report.evaluated
    # No two seeds have a person in common.
    return Scores(
        report.average_precision[counted].astype(np.float64),
        (report.first_hit_rank[counted] == 1).astype(np.float64),
        10_000 * seed + asked[counted],
    )
