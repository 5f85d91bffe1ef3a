"""What a training may look at: its own identities, and others to validate on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from reid_core.training.data.streams import Stream
from reid_data import Records
from reid_data.summary import named
from reid_data.tracklets import one_row_a_tracklet

__all__ = ["TrainingData", "carve"]


@dataclass(frozen=True)
class TrainingData:
    """The images of one training.

    Attributes:
        train: images to learn from.
        validation: images of other identities, in splits ``query`` and ``gallery``; none when
            validation is off.
        second: images of a second data set to learn from; none: there is one only.
    """

    train: Records
    validation: Records | None
    second: Records | None = None

    @property
    def streams(self) -> dict[Stream, Records]:
        """What to learn from, by data set."""
        if self.second is None:
            return {"first": self.train}
        return {"first": self.train, "second": self.second}

    @property
    def named(self) -> list[dict[str, Any]]:
        """What there is to learn from, in words and numbers."""
        return [named(records) for records in self.streams.values()]

    @property
    def identities(self) -> int:
        """People to learn from."""
        return len(np.unique(self.train.pids))

    @property
    def second_identities(self) -> int:
        """People of the second data set to learn from."""
        return 0 if self.second is None else len(np.unique(self.second.pids))

    @property
    def cameras(self) -> int:
        """One more than the largest camid; 0 where no camera is known."""
        parts = [part for part in (self.train, self.validation, self.second) if part is not None]
        return 1 + max(int(part.camids.max(initial=-1)) for part in parts)

    @property
    def fingerprint(self) -> str:
        """Hex digest of the images' relative paths and ids: are these the same data again?"""
        digest = hashlib.sha256()
        for records in (self.train, self.validation, self.second):
            if records is not None:
                labels = sorted(n for n in map(str, records.table) if n.startswith("label_"))
                columns = records.table[["path", "pid", "camid", "split", *labels]]
                digest.update(columns.to_csv(index=False).encode())
        return digest.hexdigest()


def carve(
    records: Records,
    *,
    val_identities: float,
    identities_per_batch: int,
    seed: int,
    tracklets: bool = False,
    second: Records | None = None,
    second_per_batch: int | None = None,
    same_people: bool = False,
) -> TrainingData:
    """Take the training images apart from the validation images; no test image is in either.

    A ``val`` split of the data set's own is used as it is, if its people are none of the training
    people (PRCC's are); otherwise a share of the training identities is held out. One validation
    image (or tracklet) per identity and camera becomes a query.

    Args:
        records: the whole data set; only its splits ``train`` and ``val`` are read.
        val_identities: share of training identities to hold out; 0 for no validation.
        identities_per_batch: how many identities must remain to fill a batch.
        seed: which identities and which queries.
        tracklets: the samples are tracklets; frames of none are left out.
        second: another data set to learn from, of which only the split ``train`` is read.
        second_per_batch: how many identities fill a batch of it; none: as many as of the first.
        same_people: leave out of it whoever is not learned from in the first.

    Raises:
        ValueError: no training images, no tracklets where they are asked for, too few
            identities for a batch, or held-out identities that no query could find.
    """
    if tracklets:
        records = _in_tracklets(records)
    train, validation = records.split("train"), None
    if val_identities:
        if _has_other_people(records, train):
            validation = records.split("val")
        else:
            train, validation = train.split_identities(val_identities, seed=seed)
        try:
            validation = _query_gallery(validation, seed=seed, tracklets=tracklets)
        except ValueError as error:
            raise ValueError(
                f"cannot validate on {_count(validation)}: {error} "
                "(--set evaluation.val_identities=0.3 holds out more, 0 trains without validation)"
            ) from error
    _check_identities(train, identities_per_batch, key="data.identities_per_batch")
    if second is not None:
        second = (_in_tracklets(second) if tracklets else second).split("train")
        if same_people:
            second = _of_people(second, train)
        key = "data.second.identities_per_batch"
        _check_identities(second, second_per_batch or identities_per_batch, key=key)
    return TrainingData(train, validation, second)


def _of_people(second: Records, train: Records) -> Records:
    known = np.isin(second.pids, train.pids)
    if not known.any():
        raise ValueError(
            "data.second.same_people is set, and no pid of the second data set is one of the "
            f"{len(np.unique(train.pids))} to learn from; use --set data.second.same_people=false"
        )
    return second.take(known)


def _has_other_people(records: Records, train: Records) -> bool:
    """Whether there is a ``val`` split, of nobody who is in the training images."""
    own = records.pids[(records.table["split"] == "val").to_numpy(dtype=bool)]
    return len(own) > 0 and not np.isin(own, train.pids).any()


def _check_identities(records: Records, needed: int, *, key: str) -> None:
    identities = len(np.unique(records.pids))
    if identities < min(needed, 2):
        raise ValueError(
            f"only {identities} identities are there to learn from, and no fewer than 2 can be "
            "told apart; take more images, or a smaller --set evaluation.val_identities=0.1"
        )
    if identities < needed:
        raise ValueError(
            f"{key} is {needed}, but only {identities} identities are there to learn from; use "
            f"--set {key}={identities}"
        )


def _in_tracklets(records: Records) -> Records:
    numbers = records.table.get("tracklet")
    if numbers is None or numbers.isna().all():
        raise ValueError(
            "the recipe trains on clips, and these data have no tracklets to cut them from; use a "
            "recipe for images, or a video data set such as mars"
        )
    return records.take(numbers.notna().to_numpy(dtype=bool))


def _query_gallery(records: Records, *, seed: int, tracklets: bool) -> Records:
    if not tracklets:
        return records.as_query_gallery(seed=seed)
    roles = one_row_a_tracklet(records).as_query_gallery(seed=seed).table
    role = dict(zip(roles["tracklet"], roles["split"], strict=True))
    table = records.table.assign(split=records.table["tracklet"].map(role))
    return Records(table, records.root, records.info)


def _count(records: Records) -> str:
    return f"{len(records):,} images of {len(np.unique(records.pids))} identities"
