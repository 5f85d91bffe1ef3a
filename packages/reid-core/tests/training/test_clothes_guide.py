"""The commands of docs/clothes-changing.md, run as they stand there but on few and small images."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from reid_core import cli as core
from reid_data import cli as data
from reid_data.console import run
from reid_eval import cli as evaluation

GUIDE = Path(__file__).parents[4] / "docs" / "clothes-changing.md"
APPS = {"reid-data": data.app, "reid-core": core.app, "reid-eval": evaluation.app}
FEWER = {
    ("reid-data", "synth"): (
        *("--identities", "8", "--test-identities", "4", "--cameras", "4"),
        *("--images-per-camera", "2", "--height", "64", "--width", "32", "--workers", "0"),
    ),
    ("reid-core", "train"): tuple(
        word
        for setting in (
            "model.name=timm:mobilenetv3_small_050",
            "model.pretrained=false",
            "data.image_size=[64,32]",
            "data.identities_per_batch=4",
            "schedule.epochs=1",
            "evaluation.val_identities=0.4",
        )
        for word in ("--set", setting)
    ),
}


@pytest.mark.slow
def test_the_commands_of_the_guide_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line]
    assert {tuple(command.split()[:2]) for command in commands} == {
        *(("reid-data", verb) for verb in ("synth", "masks", "poses", "genders", "recolour")),
        ("reid-core", "train"),
        *(("reid-eval", verb) for verb in ("test", "pose-distances")),
    }
    for command in commands:
        words = shlex.split(command)
        # Fifteen clusters need fifteen poses; three runs differ in nothing that one would not show.
        words = [
            "2" if before == "--runs" else word
            for before, word in zip(["", *words], words, strict=False)
        ]
        monkeypatch.setattr(sys, "argv", [*words, *FEWER.get((words[0], words[1]), ())])
        with pytest.raises(SystemExit) as caught:
            run(APPS[words[0]])
        assert not caught.value.code, (command, capsys.readouterr().err)
    made = ("poses/sheets/R_LA_15.png", "recoloured-overlays.png", "pose-distances.png")
    made += (
        "runs/cgal/run_1/model.safetensors",
        "runs/rlq/model.safetensors",
        "report/report.html",
    )
    assert [name for name in made if not Path(name).is_file()] == []
