"""The filters of a search as they stand in an address."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from reid_eval.service.limits import Limits
from reid_eval.service.questions import Question, parse_attribute
from reid_eval.service.refusals import RefusedError
from reid_eval.service.uploads import Box

__all__ = ["Filters", "UploadFilters"]

_MOST = 2**63 - 1
_NUMBER = r"-?\d{1,6}(\.\d{1,6})?"
_BOX = rf"^{_NUMBER}(,{_NUMBER}){{3}}$"
_SIGNED = Annotated[int, Field(ge=-_MOST, le=_MOST)]
_SECONDS = Annotated[float | None, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]


class Filters(BaseModel):
    """How to search."""

    model_config = ConfigDict(extra="forbid")

    top_k: Annotated[int, Field(ge=1, le=10_000, description="Answers wanted.")] = 24
    group_by: Annotated[
        Literal["", "tracklet", "pid"], Field(description="One answer for each of these.")
    ] = ""
    camera: Annotated[list[_SIGNED], Field(max_length=1_000, description="Any of these.")] = []
    after: Annotated[_SECONDS, Field(description="Seconds: this or later.")] = None
    before: Annotated[_SECONDS, Field(description="Seconds: earlier than this.")] = None
    pid: Annotated[list[_SIGNED], Field(max_length=1_000, description="Any of these.")] = []
    attribute: Annotated[
        list[Annotated[str, Field(pattern=r"^[^=]{1,100}=.{0,100}$")]],
        Field(max_length=100, description="All of these, each NAME=VALUE."),
    ] = []

    def question(self, limits: Limits) -> Question:
        """The same, for the desk.

        Raises:
            RefusedError: 422, a value is out of range.
        """
        if self.top_k > limits.top_k:
            raise RefusedError(
                422, "invalid", f"top_k must be at most {limits.top_k} here, got {self.top_k}"
            )
        question = Question(
            top_k=self.top_k,
            group_by=self.group_by or None,
            cameras=tuple(self.camera),
            after=self.after,
            before=self.before,
            pids=tuple(self.pid),
            attributes=tuple(parse_attribute(text) for text in self.attribute),
        )
        try:
            question.where()
        except ValueError as error:
            raise RefusedError(422, "invalid", str(error)) from error
        return question


class UploadFilters(Filters):
    """How to search, and which part of the image shows the person."""

    box: Annotated[
        str | None,
        Field(pattern=_BOX, description="left,top,right,bottom in pixels of the upright image."),
    ] = None

    def corners(self) -> Box | None:
        """The box, if there is one."""
        if self.box is None:
            return None
        left, top, right, bottom = map(float, self.box.split(","))
        return left, top, right, bottom
