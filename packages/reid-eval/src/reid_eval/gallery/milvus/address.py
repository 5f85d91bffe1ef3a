"""Where a Milvus gallery is, and the connection to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from reid_data.console import require

if TYPE_CHECKING:
    from pymilvus import MilvusClient

__all__ = ["Address", "connect", "parse"]

_NAME = re.compile(r"[A-Za-z_]\w{0,254}", re.ASCII)
_PORT = 19530


@dataclass(frozen=True)
class Address:
    """A collection of a server, or in a file.

    Attributes:
        uri: of the server, or the file.
        token: ``user:password``; empty for none.
        collection: its name.
        shown: the address without the password.
    """

    uri: str
    token: str
    collection: str
    shown: str


def parse(url: str) -> Address:
    """Take ``milvus://...`` apart.

    Raises:
        ValueError: it is of another form.

    Examples:
        >>> parse("milvus://db.local/people").uri
        'http://db.local:19530'
        >>> parse("milvus:///data/crops.db/people").uri
        '/data/crops.db'
    """
    form = "expected milvus://host:port/collection or milvus:///folder/file.db/collection"
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError as error:
        raise ValueError(f"{form}, got {url!r}: {error}") from error
    place, _, collection = unquote(parts.path).rpartition("/")
    if not _NAME.fullmatch(collection):
        raise ValueError(f"{form} (letters, digits and _), got {url!r}")
    if parts.hostname is None:
        if not place.endswith(".db"):
            raise ValueError(f"{form}, got {url!r}")
        return Address(place, "", collection, url)
    if place:
        raise ValueError(f"{form}, got {url!r}")
    token = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    shown = f"milvus://{parts.hostname}:{port}/{collection}"
    return Address(f"http://{parts.hostname}:{port}", token, collection, shown)


def connect(address: Address) -> MilvusClient:
    """Reach the server, or open the file.

    Raises:
        ConnectionError: it does not answer.
        MissingExtraError: pymilvus is not installed.
    """
    require("pymilvus", extra="reid-eval[milvus]", for_what="a milvus:// gallery")
    if address.uri.startswith("/"):
        require("milvus_lite", extra="reid-eval[milvus]", for_what="a milvus-lite file")
    from pymilvus import MilvusClient, MilvusException

    options: dict[str, Any] = {"token": address.token} if address.token else {}
    try:
        return MilvusClient(uri=address.uri, timeout=10, **options)
    except MilvusException as error:
        reason = " ".join(str(error.message).split())
        raise ConnectionError(f"{address.shown} does not answer: {reason}") from error
