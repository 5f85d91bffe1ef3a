"""The data sets that a command line names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from reid_core.training.data.sidecars import Sidecars

if TYPE_CHECKING:
    from reid_data import Records

__all__ = ["Sources"]


class _Loaded(TypedDict):
    records: Records
    second: Records | None
    sidecars: Sidecars


@dataclass(frozen=True)
class Sources:
    """One data set, or two.

    Attributes:
        data: name of the first.
        root: its folder.
        second_data: name of the second, if there is one.
        second_root: its folder; none: that of the first.
        sidecars: what lies beside the first.

    Raises:
        ValueError: a folder is given for a second data set that is not named.
    """

    data: str
    root: Path
    second_data: str | None = None
    second_root: Path | None = None
    sidecars: Sidecars = field(default_factory=Sidecars)

    def __post_init__(self) -> None:
        if self.second_root is not None and self.second_data is None:
            raise ValueError("--second-root is the folder of --second-data, which is missing")

    def load(self, run: int | None = None) -> _Loaded:
        """Their records and what lies beside them, as arguments of `train`.

        Args:
            run: what ``{run}`` in a name becomes; none: it stays.
        """
        from reid_data import load_dataset

        def named(name: str) -> str:
            return name if run is None else name.replace("{run}", str(run))

        second = None
        if self.second_data is not None:
            second = load_dataset(named(self.second_data), self.second_root or self.root)
        records = load_dataset(named(self.data), self.root)
        return {"records": records, "second": second, "sidecars": self.sidecars}
