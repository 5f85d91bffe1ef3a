"""Every page of the site and every README, run block by block: what people copy must work.

A page is read from top to bottom in one folder and one Python session, like a reader would.
``python`` blocks are run, a ``text`` block is what the Python in front of it printed, ``yaml``
blocks are files, and the commands of ``sh`` blocks are run by `page_shell.py`. One page alone is
``pytest docs/tests -k gallery.md``.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from page_reader import furnish
from page_shell import ROOT, Shell, run_script, write_recipe
from sybil import Document, Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

FOUND = (ROOT / "README.md", *ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md"))
PAGES = sorted(page.relative_to(ROOT).as_posix() for page in FOUND)
# Words of a page, and what takes their place in a test.
_TINY = "--set model.name=timm:resnet10t --set 'data.image_size=[64,32]'"
STAND_INS = {
    "docs/attribute-video.md": {"run": "attributes"},
    "docs/clothes-changing.md": {name: f"{name} {_TINY}" for name in ("cgal", "two-branch", "rlq")},
    "docs/clips.md": {"fine-grained-video": f"fine-grained-video {_TINY}"},
    # What it would hold has been run on the page.
    "docs/your-own.md": {"mine.py": "reid_core"},
    "docs/train.md": {"schedule.epochs=60": "schedule.epochs=0"},
    "docs/milvus.md": {"milvus://db.example:19530/people": "milvus:///{folder}/people.db/people"},
    "README.md": {
        "crops/today": "asked",
        "crops/known": "crops",
        "baseline": f"baseline {_TINY}",
    },
    "packages/reid-core/README.md": {
        "celeb_reid": "msmt17",
        "celeb": "msmt17",
        "baseline": f"baseline {_TINY}",
    },
    "packages/reid-eval/README.md": {
        "runs/baseline": "checkpoint",
        "data/market": "market1501",
        "known": "crops",
    },
}
# What a page supposes to have been done before.
_FEW = "--identities 8 --test-identities 6"
BEFORE = {
    "docs/milvus.md": ("reid-eval gallery add people crops --model checkpoint",),
    "packages/reid-data/README.md": (
        f"reid-data synth --layout cuhk03:release=true --out cuhk03_release {_FEW}",
        f"reid-data synth --layout mot17 --out MOT17 --tracklet-length 10 {_FEW}",
    ),
}
# What a page must leave behind.
LEFT = {
    "docs/attributes.md": ("answers.csv", "submission.csv", "report/attributes.png", "model.onnx"),
    "docs/clothes-changing.md": (
        *("poses/sheets/R_LA_15.png", "recoloured-overlays.png", "pose-distances.png"),
        *("runs/cgal/run_1/model.safetensors", "runs/rlq/model.safetensors", "report/report.html"),
    ),
    "docs/generation.md": ("gan/metrics.csv", "fakes/records.csv", "dressed/manifest.jsonl"),
}


class Printing:
    """Runs Python blocks, and compares what they printed with the text behind them."""

    def __init__(self) -> None:
        self._run = PythonEvaluator()
        self._printed = ""

    def python(self, block: Example) -> None:
        heard = io.StringIO()
        with redirect_stdout(heard):
            self._run(block)
        self._printed = heard.getvalue()

    def text(self, block: Example) -> None:
        assert str(block.parsed) == self._printed, f"{block.path}, line {block.line}"


def blocks(page: Path, folder: Path) -> Document:
    name = page.relative_to(ROOT).as_posix()
    words = {old: new.format(folder=folder) for old, new in STAND_INS.get(name, {}).items()}
    printing, shell = Printing(), Shell(words)
    parsers = [
        CodeBlockParser("python", printing.python),
        CodeBlockParser("text", printing.text),
        CodeBlockParser("sh", shell),
        CodeBlockParser("bash", shell),
        CodeBlockParser("yaml", write_recipe),
    ]
    return Sybil(parsers=parsers).parse(page)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_runs(
    page: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path, home)
    for command in BEFORE.get(page, ()):
        run_script(command.split())
    for block in blocks(ROOT / page, tmp_path).examples():
        block.evaluate()
    missing = [name for name in LEFT.get(page, ()) if not (tmp_path / name).exists()]
    assert missing == []
