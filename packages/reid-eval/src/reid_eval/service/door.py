"""Who may come in, and how often."""

from __future__ import annotations

import re

from fastapi import Request
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase

from reid_eval.service.limits import Limits
from reid_eval.service.rates import RateLimit
from reid_eval.service.refusals import RefusedError
from reid_eval.service.tokens import Tokens

__all__ = ["Door"]

_BEARER = re.compile(r"(?i:bearer) +(\S+)")


class Door(SecurityBase):
    """A dependency of routes: who has a token comes in, as ``request.state.caller``.

    Args:
        tokens: who may.
        strangers: how often an address may try without a known token.
        guests: how often each token may be used here.
    """

    def __init__(self, tokens: Tokens, strangers: RateLimit, guests: RateLimit) -> None:
        self.model = HTTPBase(scheme="bearer", description="A token of the service.")
        self.scheme_name = "token"
        self._tokens, self._strangers, self._guests = tokens, strangers, guests

    @classmethod
    def pair(cls, tokens: Tokens, limits: Limits) -> tuple[Door, Door]:
        """One for searches and deletions, one for reading."""
        strangers = RateLimit(limits.wrong_tokens_per_minute)
        return (
            cls(tokens, strangers, RateLimit(limits.searches_per_minute)),
            cls(tokens, strangers, RateLimit(limits.reads_per_minute)),
        )

    async def __call__(self, request: Request) -> None:
        """Let in or refuse.

        Raises:
            RefusedError: 401 without a known token, 429 for what comes too soon.
        """
        offered = _BEARER.fullmatch(request.headers.get("authorization", ""))
        caller = self._tokens.find(offered[1]) if offered else None
        if caller is None:
            self._strangers.check(request.client.host if request.client else "unknown")
            raise RefusedError(
                401,
                "unauthorized",
                "a known token is needed: Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )
        self._guests.check(caller.token_id)
        request.state.caller = caller
