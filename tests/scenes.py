"""Every verb of a script, one after the other: the story that ``calls/PACKAGE.sh`` tells."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reid_data.console import run

__all__ = ["Call", "Scene", "Told", "call", "calls_of"]

CALLS = Path(__file__).parent / "calls"


@dataclass(frozen=True)
class Call:
    """A line of a story.

    Attributes:
        script: whom it calls, such as ``"reid-data"``.
        words: what it says.
    """

    script: str
    words: tuple[str, ...]

    @property
    def verb(self) -> str:
        """Its first word."""
        return self.words[0]

    def __str__(self) -> str:
        return shlex.join((self.script, *self.words))


@dataclass(frozen=True)
class Told:
    """What a call came to.

    Attributes:
        code: with which it ended.
        out: what it wrote to stdout, also past Python.
        err: to stderr.
        paths: those of its words that were files or folders before.
    """

    code: int
    out: str
    err: str
    paths: tuple[str, ...] = ()


def calls_of(package: str) -> list[Call]:
    """The story of a package."""
    lines = (CALLS / f"{package}.sh").read_text(encoding="utf-8").splitlines()
    split = [shlex.split(line, comments=True) for line in lines]
    return [Call(words[0], tuple(words[1:])) for words in split if words]


def call(script: str, words: tuple[str, ...], capture: pytest.CaptureFixture[str]) -> Told:
    """Run a script in this process, as a shell would."""
    app = import_module(f"{script.replace('-', '_')}.cli").app
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [script, *words])
        with pytest.raises(SystemExit) as ended:
            run(app)
    captured = capture.readouterr()
    return Told(int(ended.value.code or 0), captured.out, captured.err)


class Scene:
    """Where the story of a package is played, as far as somebody wants to know.

    Args:
        package: whose.
        folder: empty; what the calls name lies in it.
    """

    def __init__(self, package: str, folder: Path) -> None:
        self.folder, self.calls = folder, calls_of(package)
        self._told: list[Told] = []
        for each in CALLS.iterdir():
            if each.is_file():
                shutil.copy(each, folder)
        prepare = {"core": _write_stranger, "eval": _write_crowd}.get(package)
        if prepare:
            prepare(folder)

    def told(self, number: int, capture: pytest.CaptureFixture[str]) -> Told:
        """What the call of a number came to, with ``--json``; those before it are played first."""
        while len(self._told) <= number:
            each = self.calls[len(self._told)]
            capture.readouterr()
            paths = tuple(word for word in each.words if (self.folder / word).exists())
            found = call(each.script, (*each.words, "--json"), capture)
            self._told.append(Told(found.code, found.out, found.err, paths))
        return self._told[number]


class NoHub:
    """A hub that takes everything and keeps nothing."""

    def create_repo(self, name: str, **_: Any) -> None:
        """Take a name."""

    def create_commit(self, name: str, operations: Any, **_: Any) -> Any:
        """Take files."""
        return SimpleNamespace(commit_url=f"https://hub/{name}/commit/1")


def _write_stranger(folder: Path) -> None:
    """A network of somebody else's, as roboflow's ``reid`` keeps one."""
    import timm
    from safetensors.torch import save_file

    folder = folder / "stranger"
    folder.mkdir()
    about = {"architecture": "timm:test_resnet", "preprocessing": {"input_size": [32, 16]}}
    (folder / "reid_config.json").write_text(json.dumps(about))
    network = timm.create_model("test_resnet", num_classes=0)
    save_file(network.state_dict(), folder / "weights.safetensors")


def _write_crowd(folder: Path) -> None:
    """Embeddings of as many as an index needs."""
    import numpy as np
    import pandas as pd

    from reid_eval import Embeddings

    features = np.random.default_rng(0).normal(size=(1000, 8)).astype(np.float32)
    rows = np.arange(len(features))
    table = pd.DataFrame({"path": [f"{row}.jpg" for row in rows], "pid": rows, "camid": 1})
    found = Embeddings(features, table, folder, {"fingerprint": "a crowd", "normalized": False})
    found.save(folder / "crowd_embeddings")
