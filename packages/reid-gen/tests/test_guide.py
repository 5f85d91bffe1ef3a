"""The commands and the Python of docs/generation.md, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "generation.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_python_of_the_guide_prints_what_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for block in blocks("python"):
        exec(compile(block, str(GUIDE), "exec"), {})
    assert capsys.readouterr().out == "".join(blocks("text"))


@pytest.mark.slow
def test_the_commands_of_the_guide_run(tmp_path: Path) -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines() if line]
    assert len(commands) == 5
    for command in commands:
        script, *words = command.split()
        ended = subprocess.run(
            [f"{sys.prefix}/bin/{script}", *words], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
    assert len(list((tmp_path / "fakes" / "images").iterdir())) == 12 * 2 * 3 * 2
    assert len(list((tmp_path / "dressed" / "images").iterdir())) == 8 * 4
