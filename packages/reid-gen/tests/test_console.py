"""The package installs, imports in silence and answers."""

import subprocess
import sys
from importlib.metadata import version

import reid_gen


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_version_is_the_installed_one() -> None:
    assert reid_gen.__version__ == version("reid-gen")


def test_import_is_silent_and_light() -> None:
    code = "import reid_gen.cli, sys; assert 'torch' not in sys.modules"
    result = run(sys.executable, "-W", "error", "-c", code)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_help_names_the_verbs() -> None:
    result = run(f"{sys.prefix}/bin/reid-gen", "--help")
    assert result.returncode == 0
    assert all(verb in result.stdout for verb in ("graph", "train-gcn", "purify", "augment"))


def test_bad_input_is_one_line_and_exit_code_two(tmp_path: object) -> None:
    result = run(f"{sys.prefix}/bin/reid-gen", "fly")
    assert result.returncode == 2
    assert result.stderr.splitlines() == ["error: No such command 'fly'."]
    absent = run(
        *(f"{sys.prefix}/bin/reid-gen", "train-gcn", "--graph", f"{tmp_path}/none"),
        *("--out", f"{tmp_path}/out"),
    )
    assert absent.returncode == 2
    assert len(absent.stderr.splitlines()) == 1
