"""The commands and the Python of docs/attributes.md, run as they stand there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "attributes.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_python_of_the_guide_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, str(GUIDE), "exec"), names)
    assert capsys.readouterr().out == "".join(blocks("text"))


@pytest.mark.slow
def test_the_commands_of_the_guide_run(tmp_path: Path) -> None:
    text = "".join(blocks("sh")).replace("\\\n", " ")
    commands = [line for line in text.splitlines() if line]
    assert len(commands) >= 12
    for command in commands:
        script, *words = shlex.split(command)
        ended = subprocess.run(
            [f"{sys.prefix}/bin/{script}", *words], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert ended.returncode == 0, f"{command}\n{ended.stderr}"
    for name in ("answers.csv", "submission.csv", "report/attributes.png", "model.onnx"):
        assert (tmp_path / name).stat().st_size > 0
