"""The shell lines of the README, run as they stand but with a model that is here.

Its Python blocks are run by the conftest of the workspace.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data.console import run
from reid_eval.cli import app

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.usefixtures("tiny_model")
def test_the_shell_lines_run(
    market: Path,
    write_picture: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("data").mkdir()
    Path("data/market").symlink_to(market)
    # Somebody walks from one camera to another: that is what `fit-st` asks for.
    write_picture(market / "bounding_box_train" / "0101_c2s1_000200_00.jpg", 101)
    for pid in (1, 2):
        write_picture(Path(f"crops/frame{pid}.png"), pid)
        write_picture(Path(f"known/{pid:04d}_a.png"), pid, noise=5)
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), flags=re.DOTALL)
    whole = [block.replace("\\\n", " ") for block in blocks]
    lines = [line for block in whole for line in block.splitlines() if "reid-eval " in line]
    verbs = ["test", "embed", "search", "identify", "test", "test", "fit-st", "test"]
    assert [line.split()[1] for line in lines] == verbs
    for line in lines:
        words = shlex.split(line.replace("runs/baseline", "tiny_model:embedder"))
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as caught:
            run(app)
        assert not caught.value.code, line
    made = (
        "report/report.html",
        "report/report.json",
        "results.parquet",
        "result.csv",
        "market-st.npz",
    )
    assert [name for name in made if not Path(name).is_file()] == []
    assert Path("result.csv").read_text().splitlines()[1].startswith("frame1.png,1,0001_a.png,")
