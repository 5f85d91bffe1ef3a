"""One writer at a time: a lock that dies with its process and names it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path

__all__ = ["WriterLock"]

_NAME = "writer.lock"


class WriterLock:
    """Held from construction until `release`, or until the process ends, however it ends.

    Args:
        folder: the gallery's.

    Raises:
        ValueError: another process (or another gallery object here) holds it; says which.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _describe(os.pread(self._file, 4096, 0))
            os.close(self._file)
            raise ValueError(
                f"{folder} is being written by {holder}; wait for it to end, or open the gallery "
                "for reading"
            ) from error
        about = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(about).encode(), 0)

    def release(self) -> None:
        """Let another one write."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1


def _describe(content: bytes) -> str:
    try:
        about = json.loads(content)
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(about["since"]))
        return f"process {about['pid']} on {about['host']}, since {since}"
    except (ValueError, KeyError, TypeError):
        return "another process, which has just begun"
