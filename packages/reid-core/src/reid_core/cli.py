"""The console script ``reid-core``: list models and recipes, train."""

from __future__ import annotations

from typing import Annotated

import typer

from reid_core.doctor.command import doctor
from reid_core.exporting.command import export
from reid_core.importing.command import import_
from reid_core.profiling.command import profile
from reid_core.publishing.command import card, push
from reid_core.training.command import finetune, recipes, train
from reid_core.tuning.command import tune
from reid_core.visualizing.command import visualize
from reid_data.console import Json, application, note, run, show

__all__ = ["app", "main"]

app = application("Models, losses and training for person re-identification.", package="reid-core")


def main() -> None:
    """Entry point of the console script."""
    run(app)


@app.command()
def models(
    filter: Annotated[  # noqa: A002 - the name of the option
        str, typer.Option("--filter", help="A part of the name, or a pattern with * and ?.")
    ] = "",
    pretrained: Annotated[
        bool, typer.Option("--pretrained", help="Only those with published weights.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the names that a model can have."""
    from reid_core.models import list_models

    names = list_models(filter, pretrained=pretrained)
    if not names:
        note(f"no model matches {filter!r}")
    show([{"model": name} for name in names], as_json=as_json)


app.command()(recipes)
app.command()(train)
app.command()(finetune)
app.command()(export)
app.command()(tune)
app.command()(visualize)
app.command()(profile)
app.command("import")(import_)
app.command()(card)
app.command()(push)
app.command()(doctor)
