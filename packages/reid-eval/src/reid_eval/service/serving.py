"""Running the service until it is told to stop."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from reid_data.console import require
from reid_eval.service import create_app
from reid_eval.service.desk import Desk
from reid_eval.service.tokens import Tokens

__all__ = ["Address", "listen", "serve"]

_MOST_CONNECTIONS = 1_000
_BACKLOG = 512


@dataclass(frozen=True)
class Address:
    """Where the service listens.

    Attributes:
        host: a name or an address; the loopback one answers this machine only.
        port: 0 takes a free one.
        certificate: PEM file; with it and its key the service speaks HTTPS.
        key: PEM file.

    Raises:
        ValueError: a certificate without its key, or the other way round.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("HTTPS needs both a certificate and its key")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def url(self, port: int) -> str:
        """What to open in a browser."""
        scheme = "http" if self.certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{port}/"


def listen(address: Address) -> socket.socket:
    """Take the port, before anything long is loaded.

    Raises:
        OSError: the port is in use, or may not be used.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(f"{address.host}:{address.port} cannot be listened on: {error}") from error
    return listener


def serve(desk: Desk, tokens: Tokens, address: Address, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; answers that are on their way are finished.

    Args:
        desk: what answers.
        tokens: who may ask.
        address: where.
        listener: of `listen`; closed at the end.

    Raises:
        MissingExtraError: FastAPI or uvicorn is not installed.
    """
    require("uvicorn", extra="reid-eval[serve]", for_what="the gallery service")
    import uvicorn

    config = uvicorn.Config(
        create_app(desk, tokens),
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    with listener:
        uvicorn.Server(config).run(sockets=[listener])
