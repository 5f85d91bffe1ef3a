"""One grammar over all scripts: what is wrong is one line and exit code 2, before any work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data.completion import ATTRIBUTE_SETS, DATA_SETS
from reid_data.console import progress, show
from reid_data.datasets import registry

from .verbs import verbs_of

MAKE_WHAT_THEY_NAME = [("gallery", "create")]


Script = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and arguments that other tests do not see."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])


def refused(package: str, words: list[str], script: Script) -> str:
    code, out, err = script(f"reid-{package}", *words)
    assert (code, out) == (2, ""), (words, code, out, err)
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, (words, err)
    assert err.splitlines()[-1] == lines[0], (words, err)
    assert "Traceback" not in err
    return lines[0]


def test_unknown_verbs_and_options_are_refused(package: str, script: Script) -> None:
    assert "fly" in refused(package, ["fly"], script)
    for verb in verbs_of(package):
        assert "--no-such-option" in refused(package, [*verb.words, "--no-such-option"], script)


def test_wrong_values_name_their_option(package: str, script: Script) -> None:
    for verb in verbs_of(package):
        for option, value in verb.typed():
            said = refused(package, [*verb.filled(), option, value], script)
            assert option in said, (verb.words, option, said)
            assert "Value error" not in said


def test_what_must_be_given_is_named(package: str, script: Script) -> None:
    for verb in verbs_of(package):
        if len(verb.filled()) > len(verb.words):
            said = refused(package, list(verb.words), script)
            assert "Missing" in said, verb.words
            assert f"reid-{package} {' '.join(verb.words)} --help`" in said


def test_what_is_not_there_is_refused(package: str, script: Script) -> None:
    for verb in verbs_of(package):
        words = verb.filled()
        asks = any(word.startswith("nowhere") for word in words)
        if asks and verb.words not in MAKE_WHAT_THEY_NAME:
            refused(package, words, script)
    assert not list(Path().iterdir()), "a call that was refused has written something"


def test_every_verb_speaks_to_machines(package: str) -> None:
    silent = [verb.words for verb in verbs_of(package) if "--json" not in verb.options]
    assert silent == []


def test_the_version_is_printed(package: str, script: Script) -> None:
    from importlib.metadata import version

    told = f"reid-{package} {version(f'reid-{package}')}\n"
    assert script(f"reid-{package}", "--version") == (0, told, "")


def test_names_are_completed_without_torch_or_pandas(package: str) -> None:
    """As a shell asks: a new process for every Tab."""
    asked = {
        "data": ("info --data marke", "market1501"),
        "eval": ("test --data market1501+ms", "market1501+msmt17"),
        "core": ("train --recipe basel", "baseline"),
        "attr": ("train --recipe sma", "small"),
        "gen": ("train-gan --recipe fas", "fast"),
    }
    words, expected = asked[package]
    script = (
        f"import sys\nsys.argv = ['reid-{package}']\nfrom reid_{package}.cli import main\n"
        "try: main()\n"
        "finally:\n    assert not {'torch', 'pandas', 'lightning'} & set(sys.modules)\n"
    )
    line = f"reid-{package} {words}"
    request = {
        f"_REID_{package.upper()}_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **request},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert expected in done.stdout.split()


def test_completed_data_sets_are_those_that_can_be_read() -> None:
    from reid_data.attribute_sets.registry import list_attribute_sets

    # Those of the package: other tests register readers of their own.
    own = [
        name
        for name, (_, reader) in registry._READERS.items()
        if reader.__module__.startswith("reid_data.datasets.") and not name.startswith("doctest")
    ]
    assert sorted(DATA_SETS) == sorted(own)
    assert sorted(ATTRIBUTE_SETS) == list_attribute_sets()


def test_json_is_json_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np

    rows = [{"a": float("nan"), "b": np.float32(0.5), "c": np.arange(2), "d": Path("x")}]
    show(rows, as_json=True, payload={"rows": rows, "worst": (float("inf"), 1)})
    assert json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name)) == {
        "rows": [{"a": None, "b": 0.5, "c": [0, 1], "d": "x"}],
        "worst": [None, 1],
    }


def test_progress_in_a_log_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("decoding", total=3000) as advance:
        for _ in range(3):
            advance(1000)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("decoding 3,000/3,000 in 0 s")
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert "\r" not in err


def test_no_colour_where_none_is_wanted() -> None:
    script = "from reid_data.console import show\nshow([{'a': 1}], title='t')"
    environment = {**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    colours = [f"\x1b[{code}" for code in (*range(30, 38), *range(90, 98))]
    assert not any(colour in done.stdout for colour in colours)


def test_a_reader_that_leaves_is_no_error() -> None:
    script = (
        "from reid_data.console import application, run, show\n"
        "app = application('x', package='reid-data')\n"
        "@app.command()\ndef much() -> None:\n    show([{'a': 1}] * 50000, as_json=True)\n"
        "import sys; sys.argv = ['x', 'much']; run(app)"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert reader.stdout
    assert reader.stderr
    reader.stdout.readline()
    reader.stdout.close()
    assert reader.stderr.read() == ""
    assert reader.wait() != 2
