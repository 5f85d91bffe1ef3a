"""Cards of models that are there already, with figures that were measured since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from reid_core.models.card import CARD, Measured, card_of_model, write_card
from reid_core.models.checkpoint_info import read_checkpoint

__all__ = ["read_figures", "refresh_card"]


def refresh_card(
    folder: str | PathLike[str],
    *,
    title: str | None = None,
    licence: str | None = None,
    reports: Sequence[str | PathLike[str]] = (),
) -> Path:
    """Write the card of a checkpoint folder again.

    Args:
        folder: the checkpoint.
        title: the model's name; none: the folder's.
        licence: of the weights, as hubs abbreviate it, such as ``"cc-by-nc-4.0"``.
        reports: folders that ``reid-eval test --out`` wrote, or ``NAME=FOLDER`` to say what the
            figures were measured on.

    Returns:
        The card.

    Raises:
        ValueError: the folder is no checkpoint, a report cannot be read, or the card that is there
            was written by hand.
    """
    place = Path(folder)
    read_checkpoint(place)  # refuses what is none
    info = json.loads((place / "model.json").read_text(encoding="utf-8"))
    card = card_of_model(info, title=title or place.resolve().name)
    figures = [each for report in reports for each in read_figures(report)]
    card = replace(card, measured=[*card.measured, *figures], licence=licence or card.licence)
    if not write_card(card, place / CARD):
        raise ValueError(f"{place / CARD} was written by hand; move it away to have one written")
    return place / CARD


def read_figures(report: str | PathLike[str]) -> list[Measured]:
    """The figures of one evaluation.

    Args:
        report: folder that ``reid-eval test --out`` wrote, or its ``report.json``; ``NAME=FOLDER``
            says what was measured on, else the folder's name does.

    Raises:
        ValueError: there is no such report, or it is something else.
    """
    text = str(report)
    on, _, where = text.partition("=") if "=" in text else ("", "", text)
    path = Path(where)
    path = path / "report.json" if path.is_dir() else path
    if not path.is_file():
        raise ValueError(f"no report at {path}; expected what `reid-eval test --out` wrote")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        values = {"mAP": content["mAP"], "Rank-1": content["cmc"][0], "mINP": content["mINP"]}
        on = on or path.resolve().parent.name
        intervals = _intervals(content)
        return [
            Measured(name, float(value), on, intervals.get(name)) for name, value in values.items()
        ]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f"{path} is no report of `reid-eval test`") from error


def _intervals(content: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Those of the first protocol, which the report is about."""
    first: Mapping[str, Any] = next(iter(content.get("intervals", {}).values()), {})
    return {name: (float(one["low"]), float(one["high"])) for name, one in first.items()}
