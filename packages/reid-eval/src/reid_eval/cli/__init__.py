"""The console script ``reid-eval``; one module a verb."""

from reid_data.console import application, run
from reid_eval.cli.compare import compare_command
from reid_eval.cli.embed import embed_command
from reid_eval.cli.fit_st import fit_st_command
from reid_eval.cli.gallery import gallery_app
from reid_eval.cli.identify import identify_command
from reid_eval.cli.plot import plot_command
from reid_eval.cli.pose_distances import pose_distances_command
from reid_eval.cli.rerank import rerank_command
from reid_eval.cli.search import search_command
from reid_eval.cli.test import measure_command

__all__ = ["app", "main"]

app = application(
    "Embed, evaluate and search person images, with anyone's model.", package="reid-eval"
)
app.command("test")(measure_command)
app.command("embed")(embed_command)
app.command("search")(search_command)
app.command("identify")(identify_command)
app.command("rerank")(rerank_command)
app.command("fit-st")(fit_st_command)
app.command("compare")(compare_command)
app.command("plot")(plot_command)
app.command("pose-distances")(pose_distances_command)
app.add_typer(gallery_app, name="gallery")


def main() -> None:
    """Entry point of the console script."""
    run(app)
