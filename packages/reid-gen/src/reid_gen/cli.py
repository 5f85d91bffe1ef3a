"""The console script ``reid-gen``."""

from reid_data.console import application, run

app = application("reid-gen")


def main() -> None:
    """Entry point of the console script."""
    run(app)
