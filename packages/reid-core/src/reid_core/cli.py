"""The console script ``reid-core``."""

from reid_data.console import application, run

app = application("reid-core")


def main() -> None:
    """Entry point of the console script."""
    run(app)
