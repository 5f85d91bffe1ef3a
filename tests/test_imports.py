"""Importing is silent, offline and light, and `--help` answers before one looks away."""

from __future__ import annotations

import pkgutil
import resource
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

HEAVY = ("torch", "pandas", "numpy", "lightning", "timm", "numba", "pyarrow", "matplotlib")
# Any connection, and any name that is looked up, ends the test.
OFFLINE = (
    "import socket\n"
    "def refuse(*_, **__): raise SystemExit('asked the network')\n"
    "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
)
LIGHT = f"import sys\nloaded = {set(HEAVY)!r} & set(sys.modules)\nassert not loaded, loaded\n"


# What others deprecate among themselves is shown to nobody but those who ask.
QUIET = ("-W", "error", "-W", "ignore::DeprecationWarning")


def python(script: str, *warnings: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, *(warnings or ("-W", "error")), "-c", script]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_importing_is_silent_offline_and_light(package: str) -> None:
    done = python(f"{OFFLINE}import reid_{package}, reid_{package}.cli\n{LIGHT}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_its_names_stand_without_what_only_others_need(package: str) -> None:
    """Every public name is there, again silent and offline; metrics need no trainer."""
    foreign = {
        "data": ("lightning", "timm", "kornia", "reid_eval", "reid_core"),
        "eval": ("lightning", "timm", "faiss", "openvino", "onnxruntime", "reid_core"),
        "core": ("lightning", "openvino", "onnxruntime", "mmcv", "reid_attr", "reid_gen"),
        "attr": ("openvino", "onnxruntime", "av", "reid_gen"),
        "gen": ("openvino", "onnxruntime", "reid_attr"),
    }[package]
    done = python(
        f"{OFFLINE}import sys, reid_{package} as package\n"
        "for name in package.__all__: getattr(package, name)\n"
        f"loaded = {set(foreign)!r} & set(sys.modules)\nassert not loaded, loaded\n",
        *QUIET,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_help_answers_in_half_a_second(package: str) -> None:
    """Seconds of the processor: those on the clock are other processes' too."""
    script = (
        f"import sys; sys.argv = ['reid-{package}', '--help']\n"
        f"from reid_{package}.cli import main\n"
        "try: main()\n"
        f"finally:\n    assert not {set(HEAVY)!r} & set(sys.modules)\n"
    )
    python(script)  # which compiles what has changed
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = python(script)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert "Usage: " in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_help_of_every_verb_imports_nothing_heavy(package: str) -> None:
    script = (
        "import sys, typer\n"
        "from typer.testing import CliRunner\n"
        f"from reid_{package}.cli import app\n"
        "def ask(command, words):\n"
        "    done = CliRunner().invoke(app, [*words, '--help'])\n"
        "    assert done.exit_code == 0 and 'Usage: ' in done.stdout, words\n"
        f"    assert not {set(HEAVY)!r} & set(sys.modules), words\n"
        "    for name, below in getattr(command, 'commands', {}).items():\n"
        "        ask(below, [*words, name])\n"
        "ask(typer.main.get_command(app), [])\n"
    )
    done = python(script)
    assert done.returncode == 0, done.stderr


def test_the_version_is_the_installed_one(package: str) -> None:
    module = import_module(f"reid_{package}")
    assert module.__version__ == version(f"reid-{package}")


def test_no_public_name_is_a_module_of_its_package_too(package: str) -> None:
    """Which of the two a reader gets would hang on what was imported before."""
    top = import_module(f"reid_{package}")
    below = pkgutil.walk_packages(top.__path__, f"{top.__name__}.")
    packages = [top, *(import_module(each.name) for each in below if each.ispkg)]
    twice = [
        f"{each.__name__}.{name}"
        for each in packages
        for _, name, _ in pkgutil.iter_modules(each.__path__)
        if name in getattr(each, "__all__", ())
    ]
    assert twice == []
