"""What is compared: trainings that differ in their generated images only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reid_data import Records

__all__ = ["ARMS", "Arm", "GeneratedSets", "arms_of"]

ArmName = Literal["real", "all", "random", "cosine", "purified"]
ARMS: tuple[ArmName, ...] = ("real", "all", "random", "cosine", "purified")
"""No generated image; all of them; a random subset as large as the purified one; those that a
cosine filter keeps; the purified ones."""


@dataclass(frozen=True, eq=False)
class GeneratedSets:
    """Generated images and what filters left of them.

    Attributes:
        everything: all of them.
        purified: those that the purifier kept.
        cosine: those that a cosine filter kept; none: that arm is left out.
    """

    everything: Records
    purified: Records
    cosine: Records | None = None

    def __post_init__(self) -> None:
        kept = len(self.purified)
        if kept > len(self.everything):
            raise ValueError(
                f"the purified set has {kept} images, more than the {len(self.everything)} that it "
                "was chosen from; give the set that reid-gen purify was given as --generated"
            )


@dataclass(frozen=True, eq=False)
class Arm:
    """One kind of training.

    Attributes:
        name: one of `ARMS`.
        generated: its generated images; none: it has none.
    """

    name: ArmName
    generated: Records | None


def arms_of(sets: GeneratedSets, *, seed: int) -> list[Arm]:
    """The arms of one seed; the random subset is another with every seed."""
    rng = np.random.default_rng((seed, len(sets.everything)))
    rows = np.sort(rng.permutation(len(sets.everything))[: len(sets.purified)])
    chosen: dict[ArmName, Records | None] = {
        "real": None,
        "all": sets.everything,
        "random": sets.everything.take(rows),
        "cosine": sets.cosine,
        "purified": sets.purified,
    }
    return [Arm(name, chosen[name]) for name in ARMS if name == "real" or chosen[name] is not None]
