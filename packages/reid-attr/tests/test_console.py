"""It installs, imports in silence and answers."""

import subprocess
import sys

import pytest

import reid_attr


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert reid_attr.__version__ == version("reid-attr")


def test_import_is_silent_and_light() -> None:
    code = "import reid_attr.cli, sys; assert 'torch' not in sys.modules"
    result = run(sys.executable, "-W", "error", "-c", code)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_script_says_what_it_does(arguments: tuple[str, ...]) -> None:
    result = run(f"{sys.prefix}/bin/reid-attr", *arguments)
    assert result.returncode == 0
    for verb in ("train", "test", "predict"):
        assert verb in result.stdout


def test_unknown_verb_is_one_line_and_exit_code_two() -> None:
    result = run(f"{sys.prefix}/bin/reid-attr", "fly")
    assert result.returncode == 2
    assert result.stderr.splitlines() == ["error: No such command 'fly'."]
