"""Where searches are done: the model, the gallery and the audit log, each on its own thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from reid_data.images import Pixels, resize
from reid_eval.embedders import Embedder
from reid_eval.embeddings import check_same_making
from reid_eval.gallery import Filter, Gallery, GalleryInfo
from reid_eval.open_set import Calibration
from reid_eval.passing import describe_pass
from reid_eval.service.audit import AuditLog
from reid_eval.service.batching import Batcher
from reid_eval.service.limits import Limits
from reid_eval.service.pictures import Pictures
from reid_eval.service.questions import Question
from reid_eval.service.refusals import RefusedError
from reid_eval.service.uploads import Box, decode_upload
from reid_eval.views import Views

__all__ = ["Answer", "Census", "Desk"]

R = TypeVar("R")
_Floats = NDArray[np.float32]
_JUST_THE_IMAGE = Views()
_DECODERS = 2
"""Threads that decode: each holds one whole frame at a time."""


@dataclass(frozen=True)
class Answer:
    """A row that was found.

    Attributes:
        row: its id.
        score: higher is better.
        probability: that it shows the person; None without a calibration.
        facts: the other columns of `Gallery.get`, by name.
    """

    row: int
    score: float
    probability: float | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Census:
    """What a gallery holds, and of each camera how much."""

    info: GalleryInfo
    cameras: Mapping[int, int]


class Desk:
    """Embeds and searches for many callers at once, in a memory that does not grow with them.

    Args:
        gallery: open; for writing, if people may be deleted.
        embedder: the model that filled the gallery.
        audit: where every search is written before it is answered.
        calibration: from scores to probabilities.
        views: of each image, as when the gallery was filled.
        images: folder below which the gallery's pictures lie.
        limits: of the service.
        can_delete: whether callers may delete.

    Raises:
        ValueError: the gallery was filled by another model or in another way, the calibration
            belongs to another, or does not fit the gallery's metric.
    """

    def __init__(
        self,
        gallery: Gallery,
        embedder: Embedder,
        audit: AuditLog,
        *,
        calibration: Calibration | None = None,
        views: Views = _JUST_THE_IMAGE,
        images: Path | None = None,
        limits: Limits | None = None,
        can_delete: bool = True,
    ) -> None:
        _check(gallery.info(), embedder, calibration, views)
        self.limits = limits or Limits()
        self.calibration = calibration
        self.can_delete = can_delete
        self._gallery, self._embedder, self._views = gallery, embedder, views
        self._pictures = Pictures(gallery, images)
        self._decoders = ThreadPoolExecutor(_DECODERS, "decoding")
        self._readers = ThreadPoolExecutor(_DECODERS, "reading")
        waiting = self.limits.waiting
        self._embed = Batcher(self._embedded, most=32, waiting=waiting, name="embedding")
        self._search = Batcher(self._searched, most=64, waiting=waiting, name="searching")
        self._log: Batcher[Mapping[str, Any], None] = Batcher(
            lambda entries: _logged(audit, entries), most=256, waiting=waiting, name="auditing"
        )

    async def features_of_upload(self, data: bytes, box: Box | None) -> _Floats:
        """Embed what a box shows of an uploaded image.

        Raises:
            RefusedError: it is no image, too large, or too much is waiting.
        """

        def crop() -> Pixels:
            return resize(decode_upload(data, box, self.limits), self._embedder.image_size)

        return await self._embed(await _on(self._decoders, crop))

    async def features_of_row(self, row: int) -> _Floats:
        """The kept features of a row.

        Raises:
            RefusedError: 404, there is no such row.
        """
        return await self._read(lambda: self._gallery.features([row])[0])

    async def search(self, features: _Floats, question: Question) -> list[Answer]:
        """The best rows, in order."""
        return await self._search((features, question))

    async def search_beside(self, row: int, features: _Floats, question: Question) -> list[Answer]:
        """The best rows beside ``row`` itself, in order."""
        more = await self.search(features, replace(question, top_k=question.top_k + 1))
        return [answer for answer in more if answer.row != row][: question.top_k]

    async def census(self) -> Census:
        """What the gallery holds."""

        def count() -> Census:
            info = self._gallery.info()
            of = {one: self._gallery.count(Filter(cameras=[one])) for one in info.cameras}
            return Census(info, of)

        return await _on(self._readers, count)

    async def jpeg(self, row: int) -> bytes:
        """The picture of a row.

        Raises:
            RefusedError: 404, there is no such row, or no picture of it that may be shown.
        """
        made = await self._read(lambda: self._pictures.jpeg(row))
        if made is None:
            raise RefusedError(404, "no_picture", f"row {row} has no picture that can be shown")
        return made

    async def rows_of_person(self, pid: int) -> list[int]:
        """The ids of a person's rows."""
        where = Filter(pids=[pid])
        return [int(row) for row in await _on(self._readers, lambda: self._gallery.ids(where))]

    async def check_row(self, row: int) -> None:
        """Refuse a row that does not exist.

        Raises:
            RefusedError: 404.
        """
        await self._read(lambda: self._gallery.get([row]))

    async def delete(self, *, row: int | None = None, pid: int | None = None) -> int:
        """Delete a row or a person; returns how many rows are gone."""
        ids = None if row is None else [row]
        return await _on(self._readers, lambda: self._gallery.delete(ids, pid=pid))

    async def log(self, action: str, **facts: Any) -> None:
        """Write to the audit log, and wait until it is on the disk.

        Raises:
            RefusedError: 503, it could not be written.
        """
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            await self._log({"time": moment, "action": action, **facts})
        except OSError as error:
            raise RefusedError(
                503, "no_audit", "the audit log cannot be written, so nothing is answered"
            ) from error

    def close(self) -> None:
        """Finish what waits and end the threads; the gallery and the log stay open."""
        for batcher in (self._embed, self._search, self._log):
            batcher.close()
        for pool in (self._decoders, self._readers):
            pool.shutdown()

    async def _read(self, work: Callable[[], R]) -> R:
        try:
            return await _on(self._readers, work)
        except ValueError as error:
            raise RefusedError(404, "no_row", str(error)) from error

    def _embedded(self, crops: list[Pixels]) -> list[_Floats | Exception]:
        images = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).to(self._embedder.device)
        with torch.inference_mode():
            found = self._views.embed(self._embedder, images).float().cpu().numpy()
        return [
            features
            if np.isfinite(features).all()
            else RefusedError(422, "no_features", "the model makes nothing of this image")
            for features in found
        ]

    def _searched(self, items: list[tuple[_Floats, Question]]) -> list[list[Answer] | Exception]:
        groups: dict[Question, list[int]] = {}
        for place, (_, question) in enumerate(items):
            groups.setdefault(question, []).append(place)
        found: list[list[Answer] | Exception] = [[] for _ in items]
        for question, places in groups.items():
            try:
                answers = self._ask(np.stack([items[place][0] for place in places]), question)
            except Exception as error:  # one question's trouble is not the others'
                answers = [error] * len(places)
            for place, answer in zip(places, answers, strict=True):
                found[place] = answer
        return found

    def _ask(self, queries: _Floats, question: Question) -> list[list[Answer] | Exception]:
        hits = self._gallery.search(
            queries, question.top_k, where=question.where(), group_by=question.group_by
        )
        rows = _facts(hits.rows)
        worth = None if self.calibration is None else self.calibration.probability(hits.scores)
        return [
            [
                Answer(
                    int(row),
                    float(hits.scores[query, place]),
                    None if worth is None else float(worth[query, place]),
                    rows[int(row)],
                )
                for place, row in enumerate(ids)
                if row >= 0 and int(row) in rows
            ]
            for query, ids in enumerate(hits.ids)
        ]


def _facts(rows: pd.DataFrame) -> dict[int, dict[str, Any]]:
    known = rows.drop(columns="id").to_dict("records")
    named = [{str(name): value for name, value in row.items()} for row in known]
    return dict(zip((int(row) for row in rows["id"]), named, strict=True))


async def _on(pool: ThreadPoolExecutor, work: Callable[[], R]) -> R:
    return await asyncio.get_running_loop().run_in_executor(pool, work)


def _logged(audit: AuditLog, entries: Sequence[Mapping[str, Any]]) -> list[Exception | None]:
    audit.append(entries)
    return [None] * len(entries)


def _check(
    info: GalleryInfo, embedder: Embedder, calibration: Calibration | None, views: Views
) -> None:
    if info.dimension != embedder.embedding_size:
        raise ValueError(
            f"the gallery holds embeddings of {info.dimension} dimensions, the model makes "
            f"{embedder.embedding_size}; serve it with the model that filled it"
        )
    if info.model:
        making = describe_pass(embedder, views)
        check_same_making(info.model, making, names=("the gallery", "the model"))
    if calibration is None:
        return
    if info.metric != "cosine":
        raise ValueError(f"a calibration is of cosine scores, the gallery's are {info.metric}")
    if calibration.fingerprint != embedder.fingerprint:
        raise ValueError(
            f"the calibration belongs to another model ({calibration.fingerprint[:16]}, this one "
            f"is {embedder.fingerprint[:16]}); calibrate again"
        )
