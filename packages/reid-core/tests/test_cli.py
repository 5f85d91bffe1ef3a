"""The console script, from outside."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from reid_core.cli import app


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = f"{sys.prefix}/bin/reid-core"
    return subprocess.run([script, *arguments], capture_output=True, text=True, check=False)


def run_with(setup: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys\n{setup}\nsys.argv = ['reid-core', *{arguments!r}]\n"
    code += "from reid_core.cli import main\nmain()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_lists_the_verbs(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 0
    assert all(f"\n  {verb} " in result.stdout for verb in ("models", "recipes", "train"))


@pytest.mark.parametrize(
    "verb",
    [
        (),
        ("models",),
        ("recipes",),
        ("train",),
        ("export",),
        ("tune",),
        ("visualize",),
        ("profile",),
    ],
)
def test_help_imports_no_torch(verb: tuple[str, ...]) -> None:
    watch = (
        "import atexit, os\n"
        "heavy = {'torch', 'timm', 'pandas', 'lightning'}\n"
        "atexit.register(lambda: heavy & set(sys.modules) and os._exit(9))"
    )
    assert run_with(watch, *verb, "--help").returncode == 0


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


def test_training_without_lightning_names_the_extra() -> None:
    without = "sys.modules['lightning'] = None"
    arguments = ("train", "--data", "market1501", "--root", ".", "--out", "nowhere")
    result = run_with(without, *arguments)
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert "pip install 'reid-core[train]'" in line


def test_an_unknown_verb_is_one_line_and_exit_code_two() -> None:
    result = run("fly")
    assert result.returncode == 2
    assert result.stderr.splitlines() == ["error: No such command 'fly'."]
