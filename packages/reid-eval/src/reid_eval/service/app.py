"""The application: routes, the page, and one grammar for every error."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from reid_eval.service.desk import Desk
from reid_eval.service.guard import Guard
from reid_eval.service.refusals import RefusedError
from reid_eval.service.routes import Routes
from reid_eval.service.tokens import Tokens

__all__ = ["build_app"]

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_CODES = {404: "not_found", 405: "wrong_method"}
_DESCRIPTION = """Search a gallery of person crops by image.

Every search and deletion is written to an audit log. Every error has the form
`{"error": {"code": ..., "message": ...}}`.
"""


def build_app(desk: Desk, tokens: Tokens) -> FastAPI:
    """Put the application together."""
    # The interactive pages of FastAPI load scripts from elsewhere: there are none here.
    app = FastAPI(
        title="Gallery search",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(Routes(desk, tokens).router())
    _add_page(app)
    for kind in (RefusedError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refused)
    app.add_middleware(Guard)
    return app


def _add_page(app: FastAPI) -> None:
    """The page's files, read once: each has an address of its own, and no other file has one."""
    for file in (resources.files("reid_eval.service") / "page").iterdir():
        suffix = file.name[file.name.rfind(".") :]
        if suffix in _TYPES:
            address = "/" if file.name == "index.html" else f"/assets/{file.name}"
            app.add_api_route(
                address, _file(file.read_bytes(), _TYPES[suffix]), include_in_schema=False
            )


def _file(content: bytes, kind: str) -> Any:
    async def serve() -> Response:
        return Response(content, headers={"content-type": kind})

    return serve


async def _refused(_: Request, error: Exception) -> Response:
    if isinstance(error, RefusedError):
        refusal = error
    elif isinstance(error, RequestValidationError):
        refusal = RefusedError(422, "invalid", _said(error.errors()))
    elif isinstance(error, HTTPException):
        code = _CODES.get(error.status_code, "refused")
        refusal = RefusedError(error.status_code, code, error.detail, error.headers)
    else:
        raise error
    return JSONResponse(refusal.body(), refusal.status, refusal.headers)


def _said(faults: Sequence[Any]) -> str:
    """One line: where each fault is, and what it is."""
    lines = [f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in faults[:5]]
    return "; ".join(lines) or "the request does not fit the description"
