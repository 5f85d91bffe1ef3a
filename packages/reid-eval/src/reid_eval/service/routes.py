"""The addresses of the service, and what is done at each."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response, Security
from numpy.typing import NDArray

from reid_eval.service.asking import Filters, UploadFilters
from reid_eval.service.desk import Desk
from reid_eval.service.door import Door
from reid_eval.service.messages import (
    Answers,
    Deleted,
    ErrorMessage,
    GalleryFacts,
    Health,
    Person,
)
from reid_eval.service.questions import Question
from reid_eval.service.refusals import RefusedError
from reid_eval.service.tokens import Caller, Tokens
from reid_eval.service.uploads import Uploads

__all__ = ["Routes"]

_MOST = 2**63 - 1
Row = Annotated[int, Path(ge=0, le=_MOST, description="Id of a row.")]
Pid = Annotated[int, Path(ge=0, le=_MOST, description="Identity.")]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_IMAGE_TYPES = ("application/octet-stream", "image/jpeg", "image/png", "image/webp", "image/bmp")
_UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "An image: a crop of a person, or a frame together with a box.",
        "content": dict.fromkeys(_IMAGE_TYPES, _BINARY),
    }
}
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": _BINARY}}}


class Routes:
    """What callers can do.

    Args:
        desk: does it.
        tokens: who the callers are.
    """

    def __init__(self, desk: Desk, tokens: Tokens) -> None:
        self._desk = desk
        self._uploads = Uploads(desk.limits)
        self._costly, self._cheap = Door.pair(tokens, desk.limits)

    def router(self) -> APIRouter:
        """All of them."""
        router = APIRouter(prefix="/api")
        router.add_api_route("/health", self.health, methods=["GET"], summary="Is it there?")
        add = self._adder(router, self._cheap)
        add("GET", "/gallery", self.gallery, "What is searched")
        add("GET", "/rows/{row}/image", self.image, "The picture of a row", 404, 422, types=_JPEG)
        add("GET", "/people/{pid}", self.person, "How many rows a person has", 404, 422)
        add = self._adder(router, self._costly)
        reasons = (400, 408, 413, 415, 422)
        add("POST", "/search", self.search, "Search by image", *reasons, openapi_extra=_UPLOAD)
        add("GET", "/rows/{row}/similar", self.similar, "Search by a row", 404, 422)
        add("DELETE", "/rows/{row}", self.delete_row, "Delete a row", 403, 404, 422)
        add("DELETE", "/people/{pid}", self.delete_person, "Delete a person", 403, 404, 422)
        return router

    async def health(self) -> Health:
        """Needs no token and tells nothing."""
        return Health(status="ok")

    async def gallery(self) -> GalleryFacts:
        """Counts, cameras, the span of time, and what may be uploaded."""
        return GalleryFacts.of(await self._desk.census(), self._desk)

    async def image(self, row: Row) -> Response:
        """A small JPEG of what the gallery recorded for the row."""
        return Response(await self._desk.jpeg(row), media_type="image/jpeg")

    async def person(self, pid: Pid) -> Person:
        """Known identities only."""
        return Person(pid=pid, rows=len(await self._rows(pid)))

    async def search(self, request: Request, filters: Annotated[UploadFilters, Query()]) -> Answers:
        """The rows that look most like the person of the uploaded image, best first."""
        question = filters.question(self._desk.limits)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _IMAGE_TYPES:
            raise RefusedError(
                415, "wrong_type", f"Content-Type must be one of {', '.join(_IMAGE_TYPES)}"
            )
        started = time.perf_counter()
        async with self._uploads.read(request.headers, request.stream()) as body:
            query = sha256(body).hexdigest()
            features = await self._desk.features_of_upload(body, filters.corners())
        extra = {} if filters.box is None else {"box": filters.box}
        answers = await self._desk.search(features, question)
        return await self._told(request, "search", query, question, answers, started, extra)

    async def similar(
        self, row: Row, request: Request, filters: Annotated[Filters, Query()]
    ) -> Answers:
        """The rows that look most like one row, itself left out."""
        question = filters.question(self._desk.limits)
        started = time.perf_counter()
        features: NDArray[np.float32] = await self._desk.features_of_row(row)
        answers = await self._desk.search_beside(row, features, question)
        return await self._told(request, "similar", f"row {row}", question, answers, started, {})

    async def delete_row(self, row: Row, request: Request) -> Deleted:
        """For good; the audit log tells who did it."""
        self._check_may_delete()
        await self._desk.check_row(row)
        await self._log(request, "delete row", rows=[row])
        return Deleted(deleted=await self._desk.delete(row=row))

    async def delete_person(self, pid: Pid, request: Request) -> Deleted:
        """All rows of a person, for good; the audit log tells who did it."""
        self._check_may_delete()
        await self._log(request, "delete person", pid=pid, rows=await self._rows(pid))
        return Deleted(deleted=await self._desk.delete(pid=pid))

    async def _told(
        self,
        request: Request,
        action: str,
        query: str,
        question: Question,
        answers: list[Any],
        started: float,
        extra: dict[str, Any],
    ) -> Answers:
        """The answers, once the audit log has them."""
        rows = [answer.row for answer in answers]
        await self._log(request, action, query=query, **extra, asked=question.facts(), rows=rows)
        calibration = self._desk.calibration
        threshold = None if calibration is None else calibration.threshold
        return Answers.of(query, answers, time.perf_counter() - started, threshold)

    async def _log(self, request: Request, action: str, **facts: Any) -> None:
        caller: Caller = request.state.caller
        address = request.client.host if request.client else None
        who = {"caller": caller.name, "token": caller.token_id, "address": address}
        await self._desk.log(action, **who, **facts)

    async def _rows(self, pid: int) -> list[int]:
        rows = await self._desk.rows_of_person(pid)
        if not rows:
            raise RefusedError(404, "no_person", f"nobody in the gallery has the pid {pid}")
        return rows

    def _check_may_delete(self) -> None:
        if not self._desk.can_delete:
            raise RefusedError(403, "read_only", "this service was started to search only")

    def _adder(self, router: APIRouter, door: Door) -> Callable[..., None]:
        """Adds routes behind a door, with everything that they may refuse with."""

        def add(
            method: str,
            path: str,
            work: Callable[..., Any],
            summary: str,
            *statuses: int,
            types: dict[int | str, dict[str, Any]] | None = None,
            **more: Any,
        ) -> None:
            refusals: dict[int | str, dict[str, Any]] = {
                status: {"model": ErrorMessage} for status in (401, 429, 500, 503, *statuses)
            }
            if types:
                more["response_class"] = Response
            router.add_api_route(
                path,
                work,
                methods=[method],
                summary=summary,
                dependencies=[Security(door)],
                responses={**refusals, **(types or {})},
                **more,
            )

        return add
