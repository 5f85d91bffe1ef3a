"""Every refusal of the service, in one grammar: ``{"error": {"code": ..., "message": ...}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["RefusedError"]


class RefusedError(Exception):
    """A request that gets an error for an answer.

    Args:
        status: of HTTP.
        code: one word for machines, such as ``"too_large"``.
        message: one line for people: what was expected, what came, what to do.
        headers: that the answer carries, such as ``Retry-After``.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """What the answer says."""
        return {"error": {"code": self.code, "message": self.message}}
