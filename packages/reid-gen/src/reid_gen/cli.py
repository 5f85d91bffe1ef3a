"""The console script ``reid-gen``; one module a verb."""

from reid_data.console import application, run
from reid_gen.commands.augment import augment
from reid_gen.commands.generate import generate
from reid_gen.commands.graph import graph
from reid_gen.commands.purify import purify
from reid_gen.commands.score import score
from reid_gen.commands.train_gan import train_gan
from reid_gen.commands.train_gcn import measure_gcn, train_gcn

__all__ = ["app", "main"]

app = application(
    "Person image generation and purifying for person re-identification.", package="reid-gen"
)
app.command()(train_gan)
app.command()(generate)
app.command()(score)
app.command()(graph)
app.command()(train_gcn)
app.command("test-gcn")(measure_gcn)
app.command()(purify)
app.command()(augment)


def main() -> None:
    """Entry point of the console script."""
    run(app)
