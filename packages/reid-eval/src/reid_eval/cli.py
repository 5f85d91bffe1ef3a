"""The console script ``reid-eval``."""

from reid_data.console import application, run

app = application("reid-eval")


def main() -> None:
    """Entry point of the console script."""
    run(app)
