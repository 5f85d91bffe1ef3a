"""The console script ``reid-attr``."""

from reid_data.console import application, run

app = application("reid-attr")


def main() -> None:
    """Entry point of the console script."""
    run(app)
