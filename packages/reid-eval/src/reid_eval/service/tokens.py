"""Who may use the service: names and their secret tokens, in a file that only its owner reads."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from reid_data.files import replacing

__all__ = ["Caller", "Tokens"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LEAST = 20
_FIRST = "operator"


@dataclass(frozen=True)
class Caller:
    """Who sent a request.

    Attributes:
        name: as the file of tokens has it.
        token_id: the beginning of the token's SHA-256: tells tokens apart, gives none away.
    """

    name: str
    token_id: str


class Tokens:
    """The callers, found by token in a time that tells nothing about any of them.

    Args:
        tokens: pairs of a name and its token.
    """

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._callers = [
            (digest := sha256(token.encode()).digest(), Caller(name, digest.hex()[:12]))
            for name, token in tokens
        ]

    def find(self, token: str) -> Caller | None:
        """Whose token it is; every known one is compared, in constant time."""
        offered = sha256(token.encode("utf-8", "surrogatepass")).digest()
        found = None
        for digest, caller in self._callers:
            if hmac.compare_digest(digest, offered):
                found = caller
        return found

    @classmethod
    def open(cls, path: Path) -> tuple[Tokens, str | None]:
        """Read the file, one ``name token`` a line, or make it with one new token.

        Returns:
            The tokens, and the new one where one was made.

        Raises:
            ValueError: others may read the file, or a line of it is no name and token.
        """
        if not path.exists():
            token = secrets.token_urlsafe(32)
            _write_private(path, f"{_FIRST} {token}\n")
            return cls([(_FIRST, token)]), token
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ValueError(
                f"{path} may be read by others (mode {mode:04o}): replace the tokens in it, and "
                f"make it private with chmod 600"
            )
        return cls(_read(path)), None


def _read(path: Path) -> list[tuple[str, str]]:
    found = dict[str, str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, token = line.strip().partition(" ")
        if not _NAME.fullmatch(name) or len(token) < _LEAST or " " in token:
            raise ValueError(
                f"line {number} of {path} must be a name and a token of {_LEAST} characters or "
                "more, with a space between"
            )
        if name in found:
            raise ValueError(f"line {number} of {path} names {name} again; each name has one token")
        found[name] = token
    if not found:
        raise ValueError(f"{path} holds no token; delete it, and one will be made")
    return list(found.items())


def _write_private(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        # Private from its first moment, whatever the umask.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
