"""Who searched for whom, and when: a log that is only ever appended to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

__all__ = ["AuditLog"]


class AuditLog:
    """JSON lines on disk before the answer they tell of is given.

    Only the owner may read it. A line that a crash left unfinished is closed, never removed.

    Args:
        path: of the log; made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._lock = Lock()
        size = os.fstat(self._file).st_size
        self._torn = size > 0 and os.pread(self._file, 1, size - 1) != b"\n"

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write the entries, one a line, and wait until they are on the disk.

        Raises:
            OSError: they are not; nobody may be given what they tell of.
        """
        text = "".join(
            json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries
        )
        with self._lock:
            data = (b"\n" if self._torn else b"") + text.encode("utf-8", "backslashreplace")
            self._torn = True
            if os.write(self._file, data) != len(data):
                raise OSError("the audit log could not be written whole: the disk is full")
            os.fsync(self._file)
            self._torn = False

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
