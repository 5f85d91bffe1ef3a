"""What the service answers, as its OpenAPI description has it."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, Field

from reid_eval.service.desk import Answer, Census, Desk

__all__ = ["Answers", "Deleted", "ErrorMessage", "GalleryFacts", "Health", "Person"]


class Fault(BaseModel):
    """Why a request was refused."""

    code: str = Field(description="One word for machines.")
    message: str = Field(description="One line for people.")


class ErrorMessage(BaseModel):
    """Every error has this form."""

    error: Fault


class Health(BaseModel):
    """Whether the service is there."""

    status: str


class CameraFacts(BaseModel):
    """A camera, and how many rows it has."""

    camera: int
    rows: int


class LimitFacts(BaseModel):
    """What a client has to keep to."""

    upload_bytes: int
    pixels: int
    top_k: int


class GalleryFacts(BaseModel):
    """What is searched."""

    rows: int
    people: int = Field(description="Identities that are known.")
    cameras: list[CameraFacts]
    first_seen: float | None = Field(description="Seconds.")
    last_seen: float | None
    metric: str
    model: str
    calibrated: bool = Field(description="Whether answers have a probability.")
    can_delete: bool
    limits: LimitFacts

    @classmethod
    def of(cls, census: Census, desk: Desk) -> GalleryFacts:
        """From what the desk counted."""
        info, limits = census.info, desk.limits
        embedder = info.model.get("embedder")
        return cls(
            rows=info.rows,
            people=info.people,
            cameras=[CameraFacts(camera=one, rows=rows) for one, rows in census.cameras.items()],
            first_seen=info.first,
            last_seen=info.last,
            metric=info.metric,
            model=str(embedder.get("name", "")) if isinstance(embedder, dict) else "",
            calibrated=desk.calibration is not None,
            can_delete=desk.can_delete,
            limits=LimitFacts(
                upload_bytes=limits.upload_bytes, pixels=limits.pixels, top_k=limits.top_k
            ),
        )


class AnswerMessage(BaseModel):
    """A row that was found."""

    row: str = Field(description="Its id, as text: 64 bits are more than JavaScript can count.")
    score: float
    probability: float | None = Field(description="That it shows the person, where calibrated.")
    pid: int | None = Field(description="Identity, if it is known.")
    camera: int | None
    time: float | None = Field(description="Seconds.")
    tracklet: int | None
    attributes: dict[str, Any]

    @classmethod
    def of(cls, answer: Answer) -> AnswerMessage:
        """What a caller is told of a row; where its file lies is not."""
        facts = answer.facts
        return cls(
            row=str(answer.row),
            score=answer.score,
            probability=answer.probability,
            pid=_known(facts["pid"]),
            camera=_known(facts["camid"]),
            time=_seconds(facts["timestamp"]),
            tracklet=_known(facts["tracklet"]),
            attributes=dict(facts["attributes"] or {}),
        )


class Answers(BaseModel):
    """The answers of one search, best first."""

    query: str = Field(description="What the audit log calls what was searched for.")
    milliseconds: float
    threshold: float | None = Field(description="Best score below which nobody is known.")
    answers: list[AnswerMessage]

    @classmethod
    def of(
        cls, query: str, answers: list[Answer], seconds: float, threshold: float | None
    ) -> Answers:
        """From what the desk found."""
        return cls(
            query=query,
            milliseconds=round(1000 * seconds, 3),
            threshold=threshold,
            answers=[AnswerMessage.of(answer) for answer in answers],
        )


class Person(BaseModel):
    """An identity of the gallery."""

    pid: int
    rows: int


class Deleted(BaseModel):
    """How many rows are gone."""

    deleted: int


def _known(value: Any) -> int | None:
    return None if value is None or value < 0 else int(value)


def _seconds(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
