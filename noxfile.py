"""The one list of everything that can be run here; `nox -l` shows it.

`nox` alone runs what must pass before a change lands. The long sessions (slow, docs, examples,
wheel, lowest, release, bench, gpu) are named one by one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "imports", "api", "tests"]

HERE = Path(__file__).parent
PACKAGES = ("data", "eval", "core", "attr", "gen")
# What a package installs of its own house, itself last, with the extras that its tests exercise.
HOUSE = {
    "data": ("data[fast,augment,hub,mat,spreadsheet,video]",),
    "eval": ("data", "eval[faiss,hub,milvus,onnx,openvino,plots,serve]"),
    "core": ("data", "eval", "core[train,mmcv,onnx,openvino,tune]"),
    "attr": ("data", "eval", "core[train]", "attr[onnx,openvino,plots,video]"),
    "gen": ("data", "eval", "core[train]", "gen"),
}
EVERYTHING = (
    "data[fast,augment,hub,mat,spreadsheet,video]",
    "eval[faiss,hub,milvus,onnx,openvino,plots,serve]",
    "core[train,mmcv,onnx,openvino,tune]",
    "attr[onnx,openvino,plots,video]",
    "gen",
)
# What only the tests of a package need.
TOOLS = {
    "core": ("pytorch-metric-learning>=2.9",),
    "eval": ("onnx>=1.17", "playwright>=1.49", "schemathesis>=4.2", "httpx2>=2"),
    # For the benchmark that a slow test runs at a small size.
    "gen": ("opencv-python>=4.10,<5",),
}
GROUPS = nox.project.load_toml(HERE / "pyproject.toml")["dependency-groups"]


def install(
    session: nox.Session,
    house: tuple[str, ...],
    *,
    group: str | None = None,
    tools: tuple[str, ...] = (),
) -> None:
    """Install packages of the house editable, under the versions that CI uses."""
    editable = [part for name in house for part in ("-e", f"packages/reid-{name}")]
    grouped = GROUPS[group] if group else ()
    session.install("-c", "constraints.txt", *editable, *grouped, *tools)


def pytest(session: nox.Session, package: str, marks: str, *, may_be_empty: bool = False) -> None:
    """Run a package's tests, the code blocks of its README, and what all must do alike."""
    own = (f"packages/reid-{package}/tests", f"packages/reid-{package}/README.md")
    places = (*own, "tests", "--house", package)
    # 5 is pytest's "nothing collected": a package may have no long test.
    codes = (0, 5) if may_be_empty else (0,)
    session.run("pytest", *places, "-m", marks, *session.posargs, success_codes=codes)


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting and lint."""
    session.install("-c", "constraints.txt", *GROUPS["lint"])
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Strict static types of all five packages."""
    install(session, EVERYTHING, group="types")
    session.run("mypy", *(word for name in PACKAGES for word in ("-p", f"reid_{name}")))
    # Scripts of two folders may bear one name, so each folder is a run of its own.
    for scripts in (("noxfile.py",), ("benchmarks",), ("examples",), ("docs",), ("tools",)):
        session.run("mypy", *scripts)


@nox.session
def imports(session: nox.Session) -> None:
    """The import contracts: arrows run down the house."""
    # The contracts read source only, so the packages' own dependencies are not needed.
    session.install("-c", "constraints.txt", *GROUPS["imports"])
    session.run("lint-imports", env={"PYTHONPATH": source_path()})


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def tests(session: nox.Session, package: str) -> None:
    """A package's tests, in an environment that holds only what it declares."""
    install(session, HOUSE[package], group="test", tools=TOOLS.get(package, ()))
    pytest(session, package, "not slow and not gpu")


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def slow(session: nox.Session, package: str) -> None:
    """A package's long tests: learning runs, kills and load."""
    install(session, HOUSE[package], group="test", tools=TOOLS.get(package, ()))
    pytest(session, package, "slow", may_be_empty=True)


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def lowest(session: nox.Session, package: str) -> None:
    """A package's tests with the oldest versions that it declares (needs uv)."""
    editable = [part for name in HOUSE[package] for part in ("-e", f"packages/reid-{name}")]
    tools = (*GROUPS["test"], *TOOLS.get(package, ()))
    session.install("--resolution", "lowest-direct", *editable, *tools)
    pytest(session, package, "not slow and not gpu")


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def wheel(session: nox.Session, package: str) -> None:
    """Build all five, install one from that folder into an empty environment, run its script."""
    session.install("-c", "constraints.txt", "build", "hatchling")
    folder = Path(session.create_tmp()) / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    for name in PACKAGES:
        build = ("python", "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder))
        session.run(*build, f"packages/reid-{name}", silent=True)
    house = (part.split("[")[0] for part in HOUSE[package])
    try_out(session, package, [next(folder.glob(f"reid_{name}-*.whl")) for name in house])


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def release(session: nox.Session, package: str) -> None:
    """Check and build a package as its tag publishes it; `-- --rehearse` needs no tag."""
    session.install("-c", "constraints.txt", *GROUPS["release"])
    folder = Path(session.create_tmp()) / "release"
    shutil.rmtree(folder, ignore_errors=True)
    command = ("python", "tools/release.py", package, "--out", str(folder), *session.posargs)
    wheels = str(session.run(*command, silent=True)).split()
    try_out(session, package, [Path(wheel) for wheel in wheels])
    session.log("built: " + ", ".join(str(file) for file in (folder / "dist").iterdir()))


@nox.session
def api(session: nox.Session) -> None:
    """Public names: like the ledger, and unbroken since the last tag; `-- --write` the ledger."""
    session.install("-c", "constraints.txt", *GROUPS["release"])
    session.run("python", "tools/public_api.py", *session.posargs)
    session.run("pytest", "tools", "-q")


def try_out(session: nox.Session, package: str, wheels: list[Path]) -> None:
    """Install wheels into an empty environment; the script and the import must work there."""
    empty = Path(session.create_tmp()) / "empty"
    shutil.rmtree(empty, ignore_errors=True)
    session.run("python", "-m", "venv", str(empty))
    python = str(empty / "bin" / "python")
    uv = ("uv", "pip", "install", "--python", python)
    pip = uv if shutil.which("uv") else (python, "-m", "pip", "install")
    session.run(*pip, "-q", "-c", "constraints.txt", *map(str, wheels), external=True)
    session.run(str(empty / "bin" / f"reid-{package}"), "--version", external=True)
    session.run(str(empty / "bin" / f"reid-{package}"), "--help", external=True)
    session.run(python, "-W", "error", "-c", f"import reid_{package}", external=True)


@nox.session
def quickstart(session: nox.Session) -> None:
    """From nothing to a trained, evaluated and searched model, on synthetic people."""
    install(session, ("data[fast]", "eval", "core[train]"))
    session.run("python", "examples/quickstart.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The site, strictly; then every block of every page and README, run as a reader would."""
    install(session, EVERYTHING, group="test", tools=(*GROUPS["docs"], "onnx>=1.17"))
    session.run("mkdocs", "build", env={"NO_MKDOCS_2_WARNING": "1"})
    session.run("pytest", "docs/tests", *session.posargs)


@nox.session
def examples(session: nox.Session) -> None:
    """Every example, as an outside project would run it; for the quickstart see its own session."""
    install(session, ("data[fast,video]", "eval[plots]", "core[train]", "attr"))
    for script in sorted((HERE / "examples").glob("*.py")):
        if script.name != "quickstart.py":
            session.run("python", str(script))


@nox.session
def bench(session: nox.Session) -> None:
    """Every performance claim, as ratios measured in one run."""
    house = ("data[fast,augment]", "eval[openvino,serve]", "core[train]", "attr[video]", "gen")
    install(session, house)
    for script in sorted((HERE / "benchmarks").glob("[!_]*.py")):
        session.run("python", str(script), *session.posargs)


@nox.session
def gpu(session: nox.Session) -> None:
    """What needs a CUDA device; also without installing: nox --no-venv --no-install -s gpu."""
    install(session, ("data[fast]", "eval", "core[train]"), group="test")
    session.run(
        "pytest", "packages", "-m", "gpu", *session.posargs, env={"PYTHONPATH": source_path()}
    )


def source_path() -> str:
    """All five source folders, for tools that run where nothing is installed."""
    return os.pathsep.join(str(HERE / "packages" / f"reid-{name}" / "src") for name in PACKAGES)
