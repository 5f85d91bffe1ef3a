"""The console script ``reid-data``."""

from reid_data.console import application, run

app = application("reid-data")


def main() -> None:
    """Entry point of the console script."""
    run(app)
