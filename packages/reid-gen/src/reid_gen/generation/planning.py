"""All that is to be drawn, decided before the first image: who, how, and in whose clothes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from reid_data.records import Ids
from reid_gen.generation.pose_bank import PoseBank
from reid_gen.generation.posed import PosedImages

__all__ = ["Claim", "Plan", "change_clothes", "plan_given_poses", "plan_pairs", "plan_poses"]

Claim = Literal["new", "source"]
"""Whom an image in changed clothes claims to show: a person of its own, or the source's."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Images to draw.

    Attributes:
        table: the manifest to be: ``file``, ``pid`` (claimed), ``camid`` (its), ``source``,
            ``pose`` (whose pose), ``target`` (the image that it should be, where there is one),
            ``donor``, ``parts``, ``mode``, ``seed``.
        sources: rows (N,) of the images drawn.
        joints: (N, 18, 2) float32 of the poses wanted, on the canvas.
        donors: rows (N,) of those who lend clothes; -1 for nobody.
        parts: which parts look like the donor's.
    """

    table: pd.DataFrame
    sources: Ids
    joints: npt.NDArray[np.float32]
    donors: Ids
    parts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    @property
    def fingerprint(self) -> str:
        """Digest of all that it says."""
        digest = hashlib.sha256(self.table.to_csv(index=False).encode())
        digest.update(self.joints.tobytes())
        return digest.hexdigest()


def plan_poses(
    images: PosedImages,
    bank: PoseBank,
    *,
    per_image: int = 4,
    most: int | None = None,
    seed: int = 0,
) -> Plan:
    """Each person of an image in some poses of the bank, as different ones as it has kinds.

    Args:
        images: the sources; those of nobody (pid below 0) are left out.
        bank: poses; an image's own is not drawn for it where there are others.
        per_image: how many poses for each source.
        most: so many random sources only.
        seed: of the choice.
    """
    sources = _sources(images, most, seed)
    paths = images.records.table["path"].tolist()
    chosen = []
    # One by one: what a source gets depends on its own row and the seed, not on who else is drawn.
    for source in sources.tolist():
        generator = np.random.default_rng((seed, source))
        drawn = bank.draw(per_image + 1, generator=generator)
        others = [row for row in drawn.tolist() if bank.names[row] != paths[source]]
        chosen.append((others or drawn.tolist() * per_image)[:per_image])
    rows = np.array(chosen, dtype=np.int64).reshape(-1)
    names = [bank.names[row] for row in rows.tolist()]
    return _plan(images, np.repeat(sources, per_image), bank.joints[rows], names, "pose", seed)


def plan_given_poses(
    images: PosedImages,
    joints: npt.NDArray[np.float32],
    names: Sequence[str],
    *,
    most: int | None = None,
    seed: int = 0,
) -> Plan:
    """Each person of an image in every one of some poses.

    Args:
        images: the sources; those of nobody (pid below 0) are left out.
        joints: (K, 18, 2) of the poses, on the canvas.
        names: what they are called.
        most: so many random sources only.
        seed: of their choice, and of what an engine does at random.
    """
    sources = _sources(images, most, seed)
    rows = np.tile(np.arange(len(joints)), len(sources))
    chosen = [names[row] for row in rows.tolist()]
    return _plan(images, np.repeat(sources, len(joints)), joints[rows], chosen, "pose", seed)


def plan_pairs(images: PosedImages, pairs: Ids, *, seed: int = 0) -> Plan:
    """The first image's person in the second one's pose, which is also what it should look like.

    Args:
        images: of all pairs.
        pairs: rows (P, 2) of source and target.
        seed: of what an engine does at random.
    """
    paths = images.records.table["path"].to_numpy()
    names = paths[pairs[:, 1]].tolist()
    plan = _plan(images, pairs[:, 0], images.joints[pairs[:, 1]], names, "pair", seed)
    same = images.records.pids[pairs[:, 0]] == images.records.pids[pairs[:, 1]]
    targets = pd.Series(names, dtype=object).where(same, None)
    return replace(plan, table=plan.table.assign(target=targets))


def change_clothes(
    plan: Plan,
    images: PosedImages,
    *,
    parts: Sequence[str],
    claim: Claim = "new",
    seed: int = 0,
) -> Plan:
    """The same plan, in clothes of other people, of the source's camera where it has others.

    Args:
        plan: see above; its images are no longer what any target shows.
        images: sources and donors.
        parts: of the body that look like the donor's.
        claim: ``new``: source, donor and parts together make a person of their own, with a pid
            above all others; ``source``: the source's pid, for re-ID across clothes.
        seed: of the donors.

    Raises:
        ValueError: there is nobody else to lend clothes.
    """
    pids, cameras = images.records.pids, images.records.camids
    lenders = np.flatnonzero((pids >= 0) & images.complete)
    donors = np.empty(len(plan), dtype=np.int64)
    for slot, source in enumerate(plan.sources.tolist()):
        others = lenders[pids[lenders] != pids[source]]
        if not len(others):
            raise ValueError("changing clothes needs images of 2 people with shoulders and hips")
        near = others[cameras[others] == cameras[source]]
        choice = near if len(near) else others
        donors[slot] = choice[np.random.default_rng((seed, slot, 7)).integers(len(choice))]
    paths = images.records.table["path"].to_numpy()
    table = plan.table.assign(
        donor=paths[donors], parts="+".join(parts), mode="clothes", target=None
    )
    if claim == "new":
        looks = pd.Series(list(zip(pids[plan.sources], pids[donors], strict=True)))
        table["pid"] = pd.factorize(looks)[0].astype(np.int64) + int(pids.max()) + 1
        table["file"] = _files(table)
    return replace(plan, table=table, donors=donors, parts=tuple(parts))


def _sources(images: PosedImages, most: int | None, seed: int) -> Ids:
    known = np.flatnonzero(images.records.pids >= 0)
    if most is None or most >= len(known):
        return known
    return np.sort(np.random.default_rng(seed).permutation(known)[:most])


def _plan(
    images: PosedImages,
    sources: Ids,
    joints: npt.NDArray[np.float32],
    poses: Sequence[str],
    mode: str,
    seed: int,
) -> Plan:
    if not len(sources):
        raise ValueError("there is no image of a known person to draw from")
    records = images.records
    table = pd.DataFrame(
        {
            "file": "",
            "pid": records.pids[sources],
            "camid": pd.array(records.camids[sources], dtype="Int64"),
            "source": records.table["path"].to_numpy()[sources],
            "pose": list(poses),
            "target": None,
            "donor": None,
            "parts": None,
            "mode": mode,
            "seed": np.random.default_rng(seed).integers(0, 2**31, len(sources)),
        }
    )
    table.loc[table["camid"] < 0, "camid"] = pd.NA
    table["file"] = _files(table)
    return Plan(table, sources.astype(np.int64), joints, np.full(len(sources), -1, np.int64))


def _files(table: pd.DataFrame) -> list[str]:
    """Names like Market's: identity, camera, number."""
    cameras = table["camid"].fillna(0).astype(int)
    return [
        f"images/{pid:04d}_c{camid}_{number:06d}.png"
        for number, (pid, camid) in enumerate(zip(table["pid"], cameras, strict=True))
    ]
