"""From nothing to a trained, evaluated and searched re-ID model, with the console scripts.

What `nox -s quickstart` runs. Everything lands in the folder ``quickstart/`` and is made anew
each time: synthetic people, an untrained and a trained model, their reports, a search, and a
gallery that is ready to be served.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path("quickstart")
PEOPLE, MODEL, UNTRAINED = HERE / "people", HERE / "model", HERE / "untrained"
GALLERY = HERE / "gallery"
DATA = ("--data", "market1501", "--root", str(PEOPLE))
console = Console(highlight=False)


def run(*command: str) -> Any:
    """Echo and run one console script; return what its ``--json`` says."""
    console.print(f"\n[bold]$ {' '.join(command)}[/bold]", soft_wrap=True)
    script = str(Path(sys.executable).with_name(command[0]))
    result = subprocess.run([script, *command[1:], "--json"], stdout=subprocess.PIPE, check=False)
    if result.returncode:
        sys.exit(result.returncode)
    return json.loads(result.stdout)


def train(out: Path, *extra: str) -> Any:
    return run("reid-core", "train", "--recipe", "small", *DATA, "--out", str(out), *extra)


def test(model: Path, report: Path) -> Any:
    return run("reid-eval", "test", "--model", str(model), *DATA, "--out", str(report))


def side_by_side(untrained: dict[str, float], trained: dict[str, float]) -> None:
    table = Table()
    for column in ("", "untrained", "trained"):
        table.add_column(column, justify="right" if column else "left")
    for metric in ("mAP", "Rank-1", "Rank-5", "Rank-10", "mINP"):
        table.add_row(metric, f"{untrained[metric]:.1%}", f"{trained[metric]:.1%}")
    console.print("\n[bold]Identities that training never saw[/bold]")
    console.print(table)


def main() -> None:
    shutil.rmtree(HERE, ignore_errors=True)
    run("reid-data", "synth", "--out", str(PEOPLE))
    train(UNTRAINED, "--set", "schedule.epochs=0")
    training = train(MODEL)
    before = test(UNTRAINED, HERE / "report-untrained")
    report = HERE / "report"
    after = test(MODEL, report)
    # The test left its embeddings beside the report, so that searching needs no second pass.
    pair = ("--query", str(report / "query"), "--gallery", str(report / "gallery"))
    run("reid-eval", "search", *pair, "--top-k", "10", "--out", str(HERE / "search.parquet"))
    answer = run("reid-eval", "identify", *pair, "--out", str(HERE / "result.csv"))
    # Names of Market-1501's kind tell frames, at 25 a second.
    run("reid-eval", "gallery", "add", str(GALLERY), str(report / "gallery"), "--fps", "25")

    side_by_side(before["metrics"], after["metrics"])
    console.print(f"Training    {training['images_per_second']:,.0f} images/s")
    console.print(f"Embedding   {after['images_per_second']:,.0f} images/s")
    console.print(f"Identified  {answer['accuracy']:.1%} of the queries, at the first answer")
    console.print("\nWhere to look:")
    for what, path in (
        ("checkpoint", MODEL),
        ("answers", HERE / "result.csv"),
        ("ranked lists", HERE / "search.parquet"),
        ("report", report / "report.html"),
    ):
        console.print(f"  {what:<13}{path}", soft_wrap=True)
    serve = f"reid-eval gallery serve {GALLERY} --model {MODEL} --images {PEOPLE}"
    for line in (
        "\nSearch the people in a browser:",
        "  pip install 'reid-eval[serve]'",
        f"  {serve}",
        "It prints an address to open, and the token that signs you in.",
    ):
        console.print(line, soft_wrap=True, markup=False)


if __name__ == "__main__":
    main()
