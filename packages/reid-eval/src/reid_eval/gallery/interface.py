"""What a gallery can do, whatever keeps it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from reid_eval.embeddings import Embeddings
from reid_eval.gallery.filters import Filter
from reid_eval.gallery.results import GalleryInfo, Hits, IndexReport, StoredType
from reid_eval.metrics.options import Metric

__all__ = ["Advance", "Duplicates", "Gallery", "GroupBy"]

GroupBy = Literal["tracklet", "pid"]
Duplicates = Literal["refuse", "skip"]
Advance = Callable[[int], None]
_LARGEST_DIMENSION = 32768
_BACKENDS = {
    "embedded": ("reid_eval.gallery.embedded", "EmbeddedGallery"),
    "milvus": ("reid_eval.gallery.milvus", "MilvusGallery"),
}


class Gallery(AbstractContextManager["Gallery"], ABC):
    """Person crops that can be searched by embedding: rows of features and what is known of each.

    A row has an ``id`` (int64, given by `add`, never given again) and the columns ``path`` (text;
    where the picture came from, empty if from nowhere), ``pid`` (-1: nobody known), ``camid`` (-1:
    unknown), ``timestamp`` (seconds, NaN: unknown), ``tracklet`` (-1: unknown), ``attributes`` (a
    dict of plain JSON values) and, apart from the others, an optional ``image`` (encoded bytes).

    Galleries may be used from several threads. One process at a time may write.
    """

    @staticmethod
    def create(
        url: str | Path,
        *,
        dimension: int,
        metric: Metric = "cosine",
        dtype: StoredType = "float32",
        model: Mapping[str, Any] | None = None,
    ) -> Gallery:
        """Make an empty gallery and open it for writing.

        Args:
            url: a folder to make; or ``milvus://host:port/collection`` (``milvus://user:password@``
                as well), or ``milvus:///folder/file.db/collection`` for a milvus-lite file.
            dimension: D.
            metric: what ranks the rows.
            dtype: ``"float16"`` halves the room of the features.
            model: ``Embeddings.meta`` of what will come; without it the first `add` decides.

        Raises:
            ValueError: there is something already, or an argument is out of range.
            MissingExtraError: the back end is not installed.
        """
        if isinstance(dimension, bool) or not 1 <= dimension <= _LARGEST_DIMENSION:
            raise ValueError(f"dimension must be 1 to {_LARGEST_DIMENSION}, got {dimension!r}")
        for name, value, allowed in (
            ("metric", metric, get_args(Metric)),
            ("dtype", dtype, get_args(StoredType)),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        return _backend(url).create_at(
            str(url), dimension=dimension, metric=metric, dtype=dtype, model=dict(model or {})
        )

    @staticmethod
    def open(url: str | Path, mode: Literal["read", "write"] = "read") -> Gallery:
        """Open a gallery that exists.

        Args:
            url: as for `create`.
            mode: ``"write"`` is for one process at a time.

        Raises:
            ValueError: there is no gallery, it is damaged, or another process is writing to it;
                the message names that process.
            MissingExtraError: the back end is not installed.
        """
        if mode not in ("read", "write"):
            raise ValueError(f"mode must be 'read' or 'write', got {mode!r}")
        return _backend(url).open_at(str(url), mode)

    @classmethod
    @abstractmethod
    def create_at(
        cls, url: str, *, dimension: int, metric: Metric, dtype: StoredType, model: dict[str, Any]
    ) -> Self:
        """`create`, for a back end."""

    @classmethod
    @abstractmethod
    def open_at(cls, url: str, mode: Literal["read", "write"]) -> Self:
        """`open`, for a back end."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections. The gallery cannot be used any more."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def add(
        self,
        embeddings: Embeddings | ArrayLike,
        table: pd.DataFrame | None = None,
        *,
        model: Mapping[str, Any] | None = None,
        duplicates: Duplicates = "refuse",
    ) -> NDArray[np.int64]:
        """Add rows, all or none. When it returns they stay, also if the machine dies.

        Args:
            embeddings: N embeddings with their table, or features (N, D) alone.
            table: for features alone: N rows with any of the columns of a row. ``frame`` and
                ``box``, if there, make several rows of one ``path`` distinct.
            model: for features alone: ``Embeddings.meta`` of the model they came from. Without it
                nothing is checked.
            duplicates: a row whose ``path`` the gallery has already, or that comes twice, is an
                error, or is skipped.

        Returns:
            The new ids (N,), ascending; -1 for what was skipped.

        Raises:
            ValueError: another model, another dimension, values that are not finite, a table that
                does not fit, a duplicate, or a gallery opened for reading. Nothing was added.
            OSError: the disk is full, or fails. Nothing was added.
        """

    @abstractmethod
    def search(
        self,
        queries: Embeddings | ArrayLike,
        top_k: int = 10,
        *,
        where: Filter | None = None,
        group_by: GroupBy | None = None,
        approximate: bool | None = None,
        rows: bool = True,
        model: Mapping[str, Any] | None = None,
    ) -> Hits:
        """Find the ``top_k`` best rows of every query. Equal scores keep the order of ids.

        Args:
            queries: Q embeddings, or features (Q, D) or (D,).
            top_k: K, at least 1.
            where: which rows may answer.
            group_by: each tracklet, or identity, answers once, by its best row. Rows whose group
                is not known stand for themselves.
            approximate: False searches exactly; True demands the index; None takes the index if
                there is one, and it is faster.
            rows: look up what is known of the answers.
            model: for features alone, as in `add`.

        Raises:
            ValueError: another model, another dimension, values that are not finite, or an
                argument out of range.
        """

    @abstractmethod
    def get(self, ids: ArrayLike) -> pd.DataFrame:
        """What is known of some rows, in that order: ``id`` and the columns of a row but ``image``.

        Raises:
            ValueError: a row does not exist (any more); the message names it.
        """

    @abstractmethod
    def features(self, ids: ArrayLike) -> NDArray[np.float32]:
        """Features (N, D) of some rows, in that order, as they are kept.

        Raises:
            ValueError: a row does not exist (any more).
        """

    @abstractmethod
    def present(self, paths: Sequence[str]) -> set[str]:
        """Those of some paths that rows have; `add` takes no such row again."""

    @abstractmethod
    def image(self, row: int) -> bytes | None:
        """The encoded picture of a row, if one was added.

        Raises:
            ValueError: the row does not exist (any more).
        """

    @abstractmethod
    def ids(self, where: Filter | None = None) -> NDArray[np.int64]:
        """The ids of all rows that pass, ascending."""

    def count(self, where: Filter | None = None) -> int:
        """How many rows pass."""
        return len(self.ids(where))

    @abstractmethod
    def delete(self, ids: ArrayLike | None = None, *, pid: int | None = None) -> int:
        """Delete rows, or all rows of a person. They are never found again.

        The embedded back end erases the bytes of the features at the next `compact`.

        Returns:
            How many rows were deleted; rows that are gone already do not count.

        Raises:
            ValueError: neither or both were given, or the gallery is open for reading.
        """

    @abstractmethod
    def expire(self, older_than: float) -> int:
        """Delete rows with a timestamp before ``older_than``; those of unknown time stay.

        Returns:
            How many rows were deleted.
        """

    @abstractmethod
    def info(self, *, verify: bool = False) -> GalleryInfo:
        """What the gallery is and holds.

        Args:
            verify: read everything and compare it with its checksums.

        Raises:
            ValueError: something is damaged; the message says what.
        """

    @abstractmethod
    def export(
        self, out: str | Path, *, where: Filter | None = None, advance: Advance | None = None
    ) -> Embeddings:
        """Write the rows that pass as an embeddings folder, with ``id`` among its columns.

        Args:
            out: the embeddings folder; an older one is replaced.
            where: which rows.
            advance: called with the number of rows just read.

        Raises:
            ValueError: no row passes, or ``out`` holds something else.
        """

    @abstractmethod
    def compact(self, *, advance: Advance | None = None) -> int:
        """Give back the room of deleted rows and erase what they held. Ids stay.

        Returns:
            Bytes that were given back.
        """

    @abstractmethod
    def build_index(self, *, advance: Advance | None = None) -> IndexReport:
        """Build the approximate index over all rows there are, and measure its recall.

        Raises:
            ValueError: there are too few rows, or the gallery is open for reading.
            MissingExtraError: what builds it is not installed.
        """


def _backend(url: str | Path) -> type[Gallery]:
    name = str(url)
    if not name.strip():
        raise ValueError("a gallery needs a folder, or milvus://host:port/collection")
    scheme, separator, _ = name.partition("://")
    if separator and scheme != "milvus":
        raise ValueError(f"a gallery is a folder or milvus://host:port/collection, got {name!r}")
    module, cls = _BACKENDS["milvus" if separator else "embedded"]
    found: type[Gallery] = getattr(import_module(module), cls)
    return found
