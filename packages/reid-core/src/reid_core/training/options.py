"""What the verbs `train` and `finetune` both take, beside the options of every script."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from reid_data.completion import complete_recipe

__all__ = [
    "Devices",
    "InitHeads",
    "Nodes",
    "RecipeOption",
    "Resume",
    "Runs",
    "Scale",
    "SecondData",
    "SecondRoot",
    "SeedOption",
    "Strategy",
    "StrategyOption",
    "recipe_option",
]


class Strategy(StrEnum):
    """Where the network is when several devices train it."""

    ddp = "ddp"
    fsdp = "fsdp"


def recipe_option(help_text: str) -> Any:
    """``--recipe`` in a verb's own words."""
    completion = complete_recipe("reid_core")
    return typer.Option("--recipe", help=help_text, autocompletion=completion)


RecipeOption = Annotated[
    str | None, recipe_option("A name, see `reid-core recipes`, or a .yaml file. [baseline]")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="Seed of everything random. [0]")
]
Scale = Annotated[
    int | None,
    typer.Option(
        "--scale",
        min=1,
        help="Train and validate on images reduced by this factor; 4 leaves a quarter of each "
        "side's detail.",
    ),
]
SecondData = Annotated[
    str | None,
    typer.Option(
        "--second-data",
        help="A second data set to learn from beside --data, for recipes that say how.",
    ),
]
SecondRoot = Annotated[
    Path | None, typer.Option("--second-root", help="Folder that holds it. [that of --root]")
]
InitHeads = Annotated[
    bool,
    typer.Option("--with-heads", help="Begin with the classifiers too; the same identities only."),
]
Devices = Annotated[
    int, typer.Option("--devices", min=1, help="Training processes a machine, one a device.")
]
Nodes = Annotated[int, typer.Option("--nodes", min=1, help="Machines that train together.")]
StrategyOption = Annotated[
    Strategy,
    typer.Option("--strategy", help="Each device holds the whole network (ddp), or a share."),
]
Runs = Annotated[
    int,
    typer.Option(
        "--runs",
        min=1,
        help="Train so often, with seeds from --seed on, below --out; {run} in --data becomes the "
        "number of the run, for data sets with several splits.",
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the run in --out, with its recipe and seed.")
]
