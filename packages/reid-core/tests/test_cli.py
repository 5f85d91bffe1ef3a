"""The console script, from outside."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from reid_core.cli import app
from reid_data.console import MissingExtraError

from .fresh import import_anew


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = f"{sys.prefix}/bin/reid-core"
    return subprocess.run([script, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_lists_the_verbs(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 0
    assert all(f"\n  {verb} " in result.stdout for verb in ("models", "recipes", "train"))


def test_models_are_listed_for_people() -> None:
    result = CliRunner().invoke(app, ["models", "--filter", "mobilenetv3_small"])
    assert result.exit_code == 0
    assert "timm:mobilenetv3_small_050" in result.stdout


def test_models_are_listed_for_machines() -> None:
    arguments = ["models", "--filter", "mmcv:resnet*", "--pretrained", "--json"]
    names = [row["model"] for row in json.loads(CliRunner().invoke(app, arguments).stdout)]
    assert names == [f"mmcv:resnet{depth}" for depth in (18, 34, 50, 101, 152)]


def test_a_filter_that_matches_nothing_says_so() -> None:
    result = CliRunner().invoke(app, ["models", "--filter", "resnt", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert "no model matches 'resnt'" in result.stderr


def test_training_without_lightning_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import_anew(monkeypatch, "reid_core", without=["lightning"])
    from reid_core.cli import app

    words = ["train", "--data", "market1501", "--root", ".", "--out", "nowhere"]
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, MissingExtraError)
    assert "pip install 'reid-core[train]'" in str(result.exception)
