"""What an embedded gallery knows, in SQLite: which bytes count, and what belongs to each row.

A change of the gallery is one transaction here; it is what makes rows count, and is on disk when it
returns (write-ahead log, ``synchronous=FULL``). What every search looks at (ids, cameras, times)
is kept as one block of columns for each addition, so that a million rows load at once; what only
answers show (paths, attributes, pictures) is kept by row.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid_eval.gallery.embedded.segments import Piece
from reid_eval.gallery.filters import Scalar

__all__ = ["FILE", "ROW", "Addition", "Catalog"]

FILE = "catalog.sqlite"
FORMAT_VERSION = 1
ROW = np.dtype(
    [
        ("id", "<i8"),
        ("pid", "<i8"),
        ("camid", "<i8"),
        ("tracklet", "<i8"),
        ("timestamp", "<f8"),
        ("attributes", "<i8"),  # which text of the table of attributes
        ("square", "<f8"),  # squared norm of the features
    ]
)
_APPLICATION = 0x52654944
_MANY = 500
_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE additions (number INTEGER PRIMARY KEY AUTOINCREMENT, segment INTEGER NOT NULL,
    start INTEGER NOT NULL, rows INTEGER NOT NULL, checksum INTEGER NOT NULL,
    columns BLOB NOT NULL);
CREATE TABLE deleted (number INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL);
CREATE TABLE rows (id INTEGER PRIMARY KEY, path TEXT NOT NULL);
CREATE UNIQUE INDEX paths ON rows (path) WHERE path != '';
CREATE TABLE attributes (code INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE images (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


class Addition(NamedTuple):
    """Rows that were added together and lie together: where, and their columns (`ROW`)."""

    number: int
    segment: int
    piece: Piece
    columns: NDArray[Any]


class Catalog:
    """One connection to the catalogue, usable from several threads.

    Args:
        folder: the gallery's.
        create: make the tables.

    Raises:
        ValueError: it is no catalogue of this software, or is damaged.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.file = folder / FILE
        self._lock = threading.RLock()
        try:
            self._sql = sqlite3.connect(
                self.file, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._sql.execute("PRAGMA synchronous=FULL")
            self._sql.execute("PRAGMA secure_delete=ON")
            if create:
                self._sql.execute("PRAGMA journal_mode=WAL")
                self._sql.execute(f"PRAGMA application_id={_APPLICATION}")
                self._sql.execute(f"PRAGMA user_version={FORMAT_VERSION}")
                self._sql.executescript(f"BEGIN;{_TABLES}COMMIT;")
            self._check()
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{self.file} is damaged or no catalogue: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._sql.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All that is read inside is of one moment."""
        with self._lock:
            self._sql.execute("BEGIN")
            try:
                yield
            finally:
                self._sql.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is written inside counts when the block ends, or nothing does.

        Raises:
            OSError: the disk is full or fails.
        """
        with self._lock:
            try:
                self._sql.execute("BEGIN IMMEDIATE")
                yield
                self.state("version", self.number("version") + 1)
                self._sql.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise OSError(f"{self.file}: {error}; nothing was changed") from error
            finally:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")

    def fact(self, name: str) -> Any:
        """A fact; None where it was never stated."""
        with self._lock:
            row = self._sql.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def number(self, name: str) -> int:
        """A fact that is a number, from 0 on."""
        return int(self.fact(name) or 0)

    def state(self, name: str, value: Any) -> None:
        """State a fact."""
        self._sql.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    def additions(self, since: int = 0) -> list[Addition]:
        """Additions with a number above ``since``, in order."""
        query = "SELECT * FROM additions WHERE number > ? ORDER BY number"
        with self._lock:
            return [
                Addition(number, segment, Piece(*piece), np.frombuffer(columns, ROW))
                for number, segment, *piece, columns in self._sql.execute(query, (since,))
            ]

    def deleted(self, since: int = 0) -> tuple[int, NDArray[np.int64]]:
        """The last number of a deletion, and the ids of those above ``since``."""
        query = "SELECT number, id FROM deleted WHERE number > ? ORDER BY number"
        with self._lock:
            rows = self._sql.execute(query, (since,)).fetchall()
        ids = np.asarray([row[1] for row in rows], np.int64)
        return (rows[-1][0] if rows else since), ids

    def add(self, segment: int, piece: Piece, columns: NDArray[Any]) -> None:
        """Let rows of a segment count."""
        self._sql.execute(
            "INSERT INTO additions (segment, start, rows, checksum, columns) "
            "VALUES (?, ?, ?, ?, ?)",
            (segment, piece.start, piece.rows, piece.checksum, columns.tobytes()),
        )

    def describe(
        self, ids: Sequence[int], paths: Sequence[str], images: Sequence[bytes | None]
    ) -> None:
        """Keep what answers show of new rows."""
        self._sql.executemany("INSERT INTO rows VALUES (?, ?)", zip(ids, paths, strict=True))
        pictures = ((row, data) for row, data in zip(ids, images, strict=True) if data is not None)
        self._sql.executemany("INSERT INTO images VALUES (?, ?)", pictures)

    def codes(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Numbers (N,) of texts of attributes; new texts get one."""
        different = list(dict.fromkeys(texts))
        self._sql.executemany(
            "INSERT OR IGNORE INTO attributes (text) VALUES (?)", ((text,) for text in different)
        )
        known = {text: code for code, text in self._among("text", different)}
        return np.fromiter((known[text] for text in texts), np.int64, len(texts))

    def texts(self, codes: Iterable[int]) -> dict[int, str]:
        """Texts of attributes by their numbers."""
        with self._lock:
            return dict(self._among("code", list(codes)))

    def codes_with(self, name: str, allowed: Sequence[Scalar]) -> NDArray[np.int64]:
        """Numbers of the texts whose attribute ``name`` has one of these values."""
        marks = ",".join("?" * len(allowed))
        query = (
            "SELECT DISTINCT code FROM attributes, json_each(attributes.text) AS entry "  # noqa: S608
            f"WHERE entry.key = ? AND entry.atom IN ({marks})"
        )
        with self._lock:
            found = self._sql.execute(query, (name, *allowed)).fetchall()
        return np.asarray([row[0] for row in found], np.int64)

    def paths(self, ids: Sequence[int]) -> dict[int, str]:
        """Paths of rows by their ids; rows that are gone are left out."""
        with self._lock:
            return dict(self._select("SELECT id, path FROM rows WHERE id", ids))

    def present(self, paths: Sequence[str]) -> set[str]:
        """Those of the paths that some row has."""
        wanted = [path for path in paths if path]
        with self._lock:
            if not self._sql.execute("SELECT 1 FROM rows LIMIT 1").fetchone():
                return set()
            found = self._select("SELECT path, id FROM rows WHERE path != '' AND path", wanted)
            return {path for path, _ in found}

    def image(self, row: int) -> bytes | None:
        """The encoded picture of a row."""
        with self._lock:
            found = self._sql.execute("SELECT data FROM images WHERE id = ?", (row,)).fetchone()
        return None if found is None else bytes(found[0])

    def delete(self, ids: Sequence[int]) -> None:
        """Let rows not count any more, and forget what was known of them."""
        each = [(row,) for row in ids]
        self._sql.executemany("INSERT INTO deleted (id) VALUES (?)", each)
        self._sql.executemany("DELETE FROM rows WHERE id = ?", each)
        self._sql.executemany("DELETE FROM images WHERE id = ?", each)

    def forget(self, used: NDArray[np.int64]) -> None:
        """Forget all additions and deletions, and the texts of attributes that are not used."""
        self._sql.execute("DELETE FROM additions")
        self._sql.execute("DELETE FROM deleted")
        codes = [row[0] for row in self._sql.execute("SELECT code FROM attributes")]
        idle = sorted(set(codes) - set(used.tolist()))
        self._sql.executemany("DELETE FROM attributes WHERE code = ?", ((code,) for code in idle))

    def shrink(self) -> None:
        """Give back the room of what was deleted, in the file and in its log."""
        with self._lock:
            try:
                self._sql.execute("VACUUM")
                self._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                raise OSError(f"{self.file}: {error}") from error

    def verify(self) -> None:
        """Look through the whole file.

        Raises:
            ValueError: it is damaged.
        """
        with self._lock:
            try:
                found = self._sql.execute("PRAGMA integrity_check(1)").fetchone()[0]
            except sqlite3.DatabaseError as error:
                found = str(error)
        if found != "ok":
            raise ValueError(f"{self.file} is damaged: {' '.join(found.split())}")

    def _among(self, column: str, values: Sequence[Any]) -> Iterator[tuple[int, str]]:
        return self._select(f"SELECT code, text FROM attributes WHERE {column}", values)  # noqa: S608

    def _select(self, query: str, values: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        for start in range(0, len(values), _MANY):
            part = values[start : start + _MANY]
            yield from self._sql.execute(f"{query} IN ({','.join('?' * len(part))})", part)

    def _check(self) -> None:
        if self._sql.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
            raise ValueError(f"{self.file} is no gallery's catalogue")
        version = self._sql.execute("PRAGMA user_version").fetchone()[0]
        if version != FORMAT_VERSION:
            raise ValueError(
                f"{self.file} has format version {version}, this software reads {FORMAT_VERSION}; "
                "update reid-eval"
            )
