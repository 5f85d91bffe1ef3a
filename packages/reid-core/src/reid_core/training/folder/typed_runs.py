"""The folder of any training: what lies where, and how it is begun and finished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reid_core.training.recipes.sections import Section
from reid_core.training.recipes.typed import recipe_yaml
from reid_data.files import replacing

__all__ = ["TypedRun"]


@dataclass(frozen=True)
class TypedRun:
    """Paths in the folder of a training, and its rules.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def recipe(self) -> Path:
        """The complete recipe."""
        return self.path / "recipe.yaml"

    @property
    def metrics(self) -> Path:
        """One row an epoch."""
        return self.path / "metrics.csv"

    @property
    def state(self) -> Path:
        """Resumable state after the last finished epoch."""
        return self.path / "training" / "last.ckpt"

    @property
    def about(self) -> Path:
        """Seed and data of the run, and its result."""
        return self.path / "training" / "run.json"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's event files."""
        return self.path / "tensorboard"

    def read(self) -> dict[str, Any]:
        """What is written about the run.

        Raises:
            ValueError: no run was started here.
        """
        if not self.about.is_file():
            raise ValueError(f"{self.path} holds no run to resume (no run.json in training/)")
        found: dict[str, Any] = json.loads(self.about.read_text(encoding="utf-8"))
        return found

    def check_new(self) -> None:
        """Refuse a folder that holds anything.

        Raises:
            ValueError: the folder is a file, or not empty.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(f"{self.path} is a file; --out names a folder to write to")
        if self.path.is_dir() and any(self.path.iterdir()):
            raise ValueError(
                f"{self.path} is not empty; name another --out, or continue its run with --resume"
            )

    def begin(self, recipe: Section, **about: Any) -> None:
        """Write down what is about to be trained; remove what a killed process left unfinished.

        Args:
            recipe: the complete one.
            about: plain values, such as the seed.
        """
        for leftover in (*self.path.glob(".*.part"), *self.about.parent.glob(".*.part")):
            leftover.unlink()
        with replacing(self.recipe) as temporary:
            temporary.write_text(recipe_yaml(recipe), encoding="utf-8")
        self.write(about)

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write down that the run is finished, and with what."""
        self.write({**self.read(), "result": result})

    def write(self, about: dict[str, Any]) -> None:
        """Write what is known of the run."""
        with replacing(self.about) as temporary:
            temporary.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
