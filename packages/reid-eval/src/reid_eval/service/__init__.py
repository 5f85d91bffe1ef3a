"""A gallery behind HTTP: search by image, a page, tokens, limits and an audit log.

FastAPI (extra ``serve``) is imported when an application is made, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reid_data.console import require
from reid_eval.service.limits import Limits

if TYPE_CHECKING:
    from fastapi import FastAPI

    from reid_eval.service.desk import Desk
    from reid_eval.service.tokens import Tokens

__all__ = ["Limits", "create_app"]


def create_app(desk: Desk, tokens: Tokens) -> FastAPI:
    """The service as an ASGI application, for uvicorn or inside another one.

    Args:
        desk: gallery, model and audit log; closed by whoever made it.
        tokens: who may use it.

    Raises:
        MissingExtraError: FastAPI is not installed.
    """
    require("fastapi", extra="reid-eval[serve]", for_what="the gallery service")
    from reid_eval.service.app import build_app

    return build_app(desk, tokens)
