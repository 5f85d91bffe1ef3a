"""What is kept of an evaluation, so that another one can be compared with it query by query."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reid_data.console import one_line
from reid_data.files import replacing
from reid_eval.embeddings import Embeddings
from reid_eval.metrics import RetrievalReport

if TYPE_CHECKING:
    from reid_eval.evaluation import Trial

__all__ = ["REPORT_FILE", "QueryResults"]

REPORT_FILE = "report.json"


@dataclass(frozen=True, eq=False)
class QueryResults:
    """A report and whose queries it is about.

    Attributes:
        report: of Q queries.
        paths: str (Q,), the queries' images, relative to ``root``.
        pids: int64 (Q,).
        root: folder that the paths are relative to.

    Raises:
        ValueError: the parts are of different lengths.
    """

    report: RetrievalReport
    paths: NDArray[np.str_]
    pids: NDArray[np.int64]
    root: Path

    def __post_init__(self) -> None:
        queries = len(self.report.skip_reason)
        if not queries == len(self.paths) == len(self.pids):
            raise ValueError(
                f"a report of {queries} queries needs as many paths and pids, got "
                f"{len(self.paths)} and {len(self.pids)}"
            )

    @classmethod
    def of(cls, report: RetrievalReport, query: Embeddings) -> QueryResults:
        """The results of evaluating ``query``."""
        return cls(report, query.table["path"].to_numpy(np.str_), query.pids, query.root)

    @classmethod
    def of_trial(cls, trial: Trial, root: Path) -> QueryResults:
        """The results of one trial of a protocol, whose paths are relative to ``root``."""
        paths = trial.queries["path"].to_numpy(np.str_)
        return cls(trial.report, paths, trial.queries["pid"].to_numpy(np.int64), root)

    def to_dict(self) -> dict[str, Any]:
        """The report's own dictionary, with the path and pid of each query beside its figures."""
        document = self.report.to_dict()
        names = {"path": self.paths.tolist(), "pid": self.pids.tolist()}
        return {**document, "root": str(self.root), "queries": {**names, **document["queries"]}}

    def save(self, path: str | Path, *, more: Mapping[str, Any] | None = None) -> Path:
        """Write JSON, whole or not at all.

        Args:
            path: the file.
            more: further entries of the document, such as intervals and slices.
        """
        target = Path(path)
        text = json.dumps({**self.to_dict(), **(more or {})}, indent=1, allow_nan=False)
        with replacing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return target

    @classmethod
    def load(cls, path: str | Path) -> QueryResults:
        """Read what [`save`][reid_eval.statistics.results.QueryResults.save] wrote.

        Args:
            path: the file, or the folder that holds it as ``report.json``.

        Raises:
            ValueError: it is missing, is no such file, or does not name its queries.
        """
        file = Path(path) / REPORT_FILE if Path(path).is_dir() else Path(path)
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ValueError(
                f"{file} is missing; `reid-eval test --out {Path(path)}` writes it"
            ) from error
        except (OSError, ValueError) as error:
            raise ValueError(f"{file} cannot be read: {one_line(error)}") from error
        try:
            queries = document["queries"]
            return cls(
                _report(queries, document["protocol"]),
                np.asarray(queries["path"], np.str_),
                np.asarray(queries["pid"], np.int64),
                Path(document["root"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{file} is no report that names its queries ({error}); write it again with "
                "`reid-eval test --out`"
            ) from error


def _report(queries: Mapping[str, Any], protocol: Mapping[str, Any]) -> RetrievalReport:
    first = [rank or 0 for rank in queries["first_hit_rank"]]
    return RetrievalReport(
        average_precision=np.asarray(queries["average_precision"], np.float64),
        first_hit_rank=np.asarray(first, np.int64),
        inverse_negative_penalty=np.asarray(queries["inverse_negative_penalty"], np.float64),
        matches=np.asarray(queries["matches"], np.int64),
        skip_reason=np.asarray(queries["skip_reason"], np.str_),
        protocol=protocol,
    )
