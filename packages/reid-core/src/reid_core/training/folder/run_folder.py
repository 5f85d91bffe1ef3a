"""The folder of a training: what lies where, and whether a run may start or go on in it."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reid_core.training.folder.typed_runs import TypedRun
from reid_core.training.recipes.files import load_recipe
from reid_core.training.recipes.recipe import Recipe
from reid_core.training.recipes.texts import raw_recipe
from reid_data.plugins import loaded_plugins

__all__ = ["RunFolder", "TrainingResult"]


@dataclass(frozen=True)
class TrainingResult:
    """What a training left behind.

    Attributes:
        folder: checkpoint folder, for `reid_core.load_model`, with the logs beside.
        epochs: epochs trained.
        best_epoch: epoch, counted from 1, whose network was kept; 0 for an untrained one.
        mAP: its mean average precision on the validation identities; none without validation.
        rank1: its Rank-1 there.
        images_per_second: training speed, median over the epochs, without validation.
    """

    folder: Path
    epochs: int
    best_epoch: int
    mAP: float | None = None  # noqa: N815 - the field's own name
    rank1: float | None = None
    images_per_second: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "folder": str(self.folder)}


@dataclass(frozen=True)
class RunFolder(TypedRun):
    """Paths in the folder of a training, and its rules.

    ``model.safetensors``, ``model.json`` and ``heads.safetensors`` are the network that was kept;
    ``recipe.yaml``, ``metrics.csv`` and ``tensorboard/`` tell how it came about; ``training/``
    holds what only resuming needs.
    """

    @property
    def checkpoints(self) -> Path:
        """Networks kept beside the best one."""
        return self.path / "checkpoints"

    @property
    def begun(self) -> bool:
        """Whether a run was started here."""
        return self.about.is_file()

    @property
    def init_from(self) -> tuple[str, bool] | None:
        """Which training this one began with, and whether with its heads."""
        found = self.read().get("init_from")
        return None if found is None else (str(found[0]), bool(found[1]))

    @property
    def seed(self) -> int:
        """Seed of the run that was started here."""
        return int(self.read()["seed"])

    @property
    def result(self) -> TrainingResult | None:
        """The result, once the run is finished."""
        found = self.read().get("result")
        return None if found is None else TrainingResult(**{**found, "folder": self.path})

    def load_recipe(
        self, overrides: list[str] | None = None, *, scale: int | None = None
    ) -> Recipe:
        """The recipe of the run that was started here.

        Its plugins are not imported: the folder may be somebody else's.

        Raises:
            ValueError: no run was started here, or plugins of it have not been imported.
        """
        self.read()
        missing = set(raw_recipe(self.recipe).get("plugins") or []) - set(loaded_plugins())
        if missing:
            raise ValueError(
                f"{self.path} was started with plugins ({', '.join(sorted(missing))}): if you "
                "trust them, name them by --plugin in front of the verb"
            )
        return load_recipe(self.recipe, overrides or [], scale=scale)

    def forget(self) -> None:
        """Take away what a run has written that ended before there was anything to resume."""
        shutil.rmtree(self.path, ignore_errors=True)

    def check_same(self, recipe: Recipe, *, seed: int, fingerprint: str) -> None:
        """Refuse to resume with anything but what the run was started with.

        Raises:
            ValueError: no run was started here, or recipe, seed or data differ.
        """
        self.check_recipe(recipe, seed=seed)
        if self.read()["fingerprint"] != fingerprint:
            raise ValueError(f"{self.path} was started with other images or ids than these")

    def check_recipe(self, recipe: Recipe, *, seed: int) -> None:
        """Refuse another recipe or seed than the run was started with.

        Raises:
            ValueError: no run was started here, or recipe or seed differ.
        """
        run = self.read()
        before, now = _flat(self.load_recipe()), _flat(recipe)
        for key in before | now:
            if before.get(key) != now.get(key):
                raise ValueError(
                    f"{self.path} was started with {key}={before.get(key)}, came {now.get(key)}; "
                    "resume without it, or start anew in another --out"
                )
        if run["seed"] != seed:
            raise ValueError(f"{self.path} was started with --seed {run['seed']}, came {seed}")


def _flat(recipe: Recipe) -> dict[str, Any]:
    """Dotted keys and plain values."""
    flat: dict[str, Any] = {}

    def walk(node: Any, key: str) -> None:
        if isinstance(node, dict):
            for name, child in node.items():
                walk(child, f"{key}.{name}" if key else name)
        else:
            flat[key] = node

    walk(recipe.model_dump(mode="json"), "")
    return flat
