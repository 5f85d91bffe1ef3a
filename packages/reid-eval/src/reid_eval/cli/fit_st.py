"""``reid-eval fit-st``: how long people take from camera to camera."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Data, Json, Root, out_option, show
from reid_eval.cli.sides import check_out_file

if TYPE_CHECKING:
    import pandas as pd

    from reid_eval.clocks import ClockKind

__all__ = ["ClockChoice", "fit_st_command"]


class ClockChoice(StrEnum):
    """``--clock``."""

    AUTO = "auto"
    FRAMES = "frames"
    CUMULATIVE = "cumulative"
    TIMESTAMPS = "timestamps"
    NAMES = "names"


def fit_st_command(
    data: Data,
    root: Root,
    out: Annotated[Path, out_option("File to write, for `reid-eval test --st`.")] = Path(
        "transitions.npz"
    ),
    split: Annotated[str, typer.Option("--split", help="Whose identities are used.")] = "train",
    clock: Annotated[
        ClockChoice,
        typer.Option(
            "--clock",
            help="frames; cumulative (frames that start anew in each sequence); timestamps; names "
            "(the last number in a file name). auto: as the data set needs it.",
        ),
    ] = ClockChoice.AUTO,
    bin_width: Annotated[
        float, typer.Option("--bin-width", help="Frames (or seconds) in one bin of a histogram.")
    ] = 100.0,
    bins: Annotated[
        int, typer.Option("--bins", min=1, help="Bins; longer times count in the last.")
    ] = 5000,
    as_json: Json = False,
) -> None:
    """Fit the transitions of spatial-temporal fusion (st-ReID) on training identities.

    Counts, for every ordered pair of cameras, how long people took from the one to the other. Data
    without cameras, frame numbers or timestamps are refused.
    """
    check_out_file(out)
    from reid_data.datasets import load_dataset
    from reid_eval.clocks import TimedTransitions, clock_of
    from reid_eval.rerank import fit_transitions

    records = load_dataset(data, root)
    name = data.partition(":")[0]
    kind = _kind(clock, name, records.table)
    train = records.split(split)
    time = clock_of(records.table, kind)
    found = fit_transitions(
        train.pids, train.camids, time.read(train.table), bin_width=bin_width, bins=bins
    )
    TimedTransitions(found, time, name).save(out)
    pairs = found.same.sum(2)
    facts = {
        "out": str(out),
        "data": name,
        "clock": kind,
        "cameras": len(found.cameras),
        "people": len(set(train.pids.tolist())),
        "transitions": int(pairs.sum()),
        "camera pairs": int((pairs > 0).sum()),
        "share in the last bin": round(float(found.same[:, :, -1].sum() / pairs.sum()), 4),
    }
    rows = [{"what": what, "value": str(value)} for what, value in facts.items()]
    show(rows, as_json=as_json, payload=facts)


def _kind(clock: ClockChoice, name: str, table: pd.DataFrame) -> ClockKind:
    """The clock asked for, the published one, or one that the columns allow.

    Raises:
        ValueError: nothing tells the time.
    """
    from reid_eval.clocks import known_clock, published_clock

    if clock is not ClockChoice.AUTO:
        return known_clock(clock.value)
    published = published_clock(name)
    if published is not None:
        return published
    people = table[~table["split"].isin(("distractor", "junk"))]
    for column in ("timestamp", "frame"):
        if column in people and people[column].notna().all():
            return known_clock(f"{column}s")
    raise ValueError(
        f"{name} tells no time: transitions need a frame number or timestamp for every image, in "
        "the names (market1501, dukemtmc_reid, veri776, cuhk03, vric) or in the columns frame or "
        "timestamp of a CSV"
    )
