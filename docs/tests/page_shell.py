"""Runs the commands of a page as a reader would, at sizes that a test can wait for.

The commands run in this process, one after the other in one folder. What a reader has and a
test has not (a data set, a checkpoint, eight graphics cards) is put in its place by
`page_reader.py` and by the tables below; everything else is run as it stands.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from sybil import Example

from reid_data.console import run

ROOT = Path(__file__).parents[2]
SCRIPTS = ("reid-data", "reid-eval", "reid-core", "reid-attr", "reid-gen")
LAUNCHERS = ("torchrun", "srun", "CUDA_VISIBLE_DEVICES=0,1", "NO_COLOR=1")

# Options that a command gets unless the page says something itself.
_TRY = ("--set", "schedule.epochs=0", "--set", "model.pretrained=false")
SMALLER: dict[tuple[str, str], tuple[str, ...]] = {
    ("reid-data", "synth"): (
        *("--identities", "20", "--test-identities", "4"),
        *("--height", "64", "--width", "32", "--workers", "0"),
    ),
    ("reid-core", "train"): _TRY,
    ("reid-core", "finetune"): ("--set", "schedule.epochs=0"),
    ("reid-core", "tune"): ("--trials", "1", *_TRY[2:], "--set", "schedule.epochs=1"),
    ("reid-core", "profile"): ("--seconds", "0.1", "--backend", "torch"),
    ("reid-attr", "train"): ("--set", "schedule.epochs=1", "--set", "schedule.warmup_epochs=0"),
    ("reid-gen", "train-gan"): ("--set", "schedule.epochs=1", "--set", "data.pairs_per_epoch=16"),
    ("reid-gen", "train-gcn"): ("--epochs", "1"),
    ("reid-gen", "purify"): ("--threshold", "0", "--margin", "-1"),
    ("reid-gen", "augment"): ("--seeds", "1", "--set", "schedule.epochs=0"),
}
# Layouts that want other numbers: of a video short walks, of one a hundred people to draw from, of
# one nobody to learn from.
OTHERWISE: dict[str, tuple[str, ...]] = {
    "video": ("--tracklet-length", "25", "--identities", "4"),
    "cuhk01": ("--test-identities", "110"),
    "occluded_reid": ("--identities", "0"),
}
# One option's value in place of another: what one machine has.
ONE_MACHINE = {"--devices": "1", "--nodes": "1", "--runs": "2", "--workers": "0"}


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a block, in words, without comments and line ends."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield [str(Path(word).expanduser()) if word[0:2] == "~/" else word for word in words]


class Shell:
    """What runs the blocks of a page.

    Args:
        stand_ins: words of the page, and the words that take their place here.
        script: what runs one of our scripts; by default this process does.
    """

    def __init__(
        self, stand_ins: dict[str, str], script: Callable[[list[str]], None] | None = None
    ) -> None:
        self._stand_ins = stand_ins
        self._script = script or run_script

    def __call__(self, block: Example) -> None:
        """Run a block; sybil calls it."""
        for words in commands(str(block.parsed)):
            stand_ins = (self._stand_ins.get(word, shlex.quote(word)) for word in words)
            self._run(shlex.split(" ".join(stand_ins)))

    def _run(self, words: list[str]) -> None:
        words = without_launcher(words)
        if words[1:3] == ["gallery", "serve"]:
            check_options(words)
        elif words[0] in SCRIPTS:
            self._script(smaller(words))
        elif words[:2] == ["pip", "install"]:
            check_requirements(words[2:])
        elif words[0] in ("python", "nox", "git", "curl", "cd", "mkdir", "export", "pip"):
            check_mentioned(words)
        else:
            raise AssertionError(f"the page has a command that no reader has: {words[0]}")


def without_launcher(words: list[str]) -> list[str]:
    """The command that a launcher of many processes starts."""
    if words[0] not in LAUNCHERS:
        return words
    inner = [re.sub(r"^\$\(which (.+)\)$", r"\1", word) for word in words]
    return inner[next(place for place, word in enumerate(inner) if word in SCRIPTS) :]


def smaller(words: list[str]) -> list[str]:
    """The same command at a size for tests."""
    pairs = zip(["", *words], words, strict=False)
    words = [ONE_MACHINE.get(before, word) for before, word in pairs]
    if {"--help", "--version", "--list-layouts"} & set(words):
        return words
    # In front of the verb may stand a plugin.
    verb = "".join(words[3:4] if words[1:2] == ["--plugin"] else words[1:2])
    more = SMALLER.get((words[0], verb), ())
    if verb == "synth":
        more = (*next((OTHERWISE[word] for word in words if word in OTHERWISE), ()), *more)
    for option, value in zip(more[::2], more[1::2], strict=True):
        key = value.partition("=")[0] + "=" if option == "--set" else option
        if not any(word.startswith(key) for word in words):
            words = [*words, option, value]
    return words


def run_script(words: list[str]) -> None:
    """Run one of the console scripts in this process; it must succeed."""
    app = import_module(f"{words[0].replace('-', '_')}.cli").app
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            run(app)
    assert not ended.value.code, shlex.join(words)


def check_options(words: list[str]) -> None:
    """A command that does not end by itself has the options that it is given."""
    told = io.StringIO()
    with redirect_stdout(told):
        run_script([*words[:3], "--help"])
    assert [word for word in words if word[:2] == "--" and word not in told.getvalue()] == []


def check_requirements(words: list[str]) -> None:
    """What is to be installed exists: our packages with these extras."""
    for word in words:
        if word.startswith("-"):
            continue
        wanted = Requirement(word)
        if wanted.name in SCRIPTS:
            text = (ROOT / "packages" / wanted.name / "pyproject.toml").read_text(encoding="utf-8")
            offered = set(tomllib.loads(text)["project"].get("optional-dependencies", ()))
            assert wanted.extras <= offered, f"{wanted.name} has no extra {wanted.extras - offered}"


def check_mentioned(words: list[str]) -> None:
    """Scripts and sessions that a page names exist; they have tests of their own."""
    named = words[1] if words[1:] else ""
    if words[0] == "python" and named.startswith(("examples/", "benchmarks/")):
        assert (ROOT / named).is_file(), named
    if words[0] == "nox" and named == "-s":
        session = words[2].partition("(")[0]
        assert re.search(rf"^def {session}\(", (ROOT / "noxfile.py").read_text(), re.MULTILINE)


def write_recipe(block: Example) -> None:
    """A YAML block whose first line is a comment with a file's name is that file."""
    text = str(block.parsed)
    assert yaml.safe_load(text) is not None
    named = re.match(r"# (\S+\.ya?ml)\n", text)
    if named:
        Path(named[1]).write_text(text, encoding="utf-8")
