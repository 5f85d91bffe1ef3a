"""The verbs ``reid-core card`` and ``reid-core push``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reid_data.console import Json, show

__all__ = ["card", "push"]

Licence = Annotated[
    str | None,
    typer.Option("--licence", help="Of the weights, as hubs abbreviate it: cc-by-nc-4.0."),
]
Reports = Annotated[
    list[str],
    typer.Option(
        "--report",
        metavar="[NAME=]FOLDER",
        help="What `reid-eval test --out` wrote: figures for the card. May be repeated.",
    ),
]


def card(
    model: Annotated[Path, typer.Argument(help="Checkpoint folder.")],
    title: Annotated[
        str | None, typer.Option("--title", help="The model's name. [the folder's]")
    ] = None,
    licence: Licence = None,
    report: Reports = [],  # noqa: B006 - typer reads it, nothing changes it
    as_json: Json = False,
) -> None:
    """Write a checkpoint's card again, with figures that were measured since."""
    from reid_core.publishing import refresh_card

    path = refresh_card(model, title=title, licence=licence, reports=report)
    show([{"card": str(path)}], as_json=as_json, payload={"card": str(path)})


def push(
    model: Annotated[Path, typer.Argument(help="Checkpoint folder, or an exported file.")],
    name: Annotated[str, typer.Argument(help="OWNER/NAME on the Hugging Face hub.")],
    private: Annotated[
        bool, typer.Option("--private", help="Make a new repository that others cannot see.")
    ] = False,
    message: Annotated[str, typer.Option("--message", help="Of the commit.")] = "Push a model",
    revision: Annotated[
        str | None, typer.Option("--revision", help="Branch to push to. [the main one]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Push a model and its card to the hub, from where hf://OWNER/NAME loads it."""
    from reid_core.publishing import push_model

    pushed = push_model(model, name, private=private, message=message, revision=revision)
    rows = [{"model": pushed.model, "commit": pushed.url, "files": ", ".join(pushed.files)}]
    show(rows, as_json=as_json, payload=pushed.to_dict())
