"""The console script ``reid-attr``."""

from __future__ import annotations

from reid_attr.exporting import export
from reid_attr.predicting import predict
from reid_attr.retrieving import retrieve
from reid_attr.testing import measure
from reid_attr.training.command import train
from reid_attr.video.command import video
from reid_data.console import application, run

__all__ = ["app", "main"]

app = application(
    "Pedestrian attribute recognition for person re-identification.", package="reid-attr"
)
app.command()(train)
app.command("test")(measure)
app.command()(predict)
app.command()(retrieve)
app.command()(export)
app.command()(video)


def main() -> None:
    """Entry point of the console script."""
    run(app)
