"""Rows of made-up people, and the back ends that every test of the suite runs over."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
import uuid
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reid_eval.gallery import Gallery

DIMENSION = 16
MILVUS = "2.3.5"
MILVUS_HOME = Path(__file__).parents[4] / ".nox" / f"milvus-{MILVUS}"
START_SECONDS, STOP_SECONDS = 180.0, 60.0
SERVE = """
import sys
from milvus import MilvusServer
server = MilvusServer()
server.set_base_dir(sys.argv[1])
server.listen_port = int(sys.argv[2])
server.start()
print("started", flush=True)
sys.stdin.read()
server.stop()
"""

Rows = tuple[np.ndarray, pd.DataFrame]


@pytest.fixture
def people() -> Callable[..., Rows]:
    """``people(count, seed=0)``: features (N, 16) and their table."""

    def build(count: int, seed: int = 0) -> Rows:
        random = np.random.default_rng(seed)
        features = random.standard_normal((count, DIMENSION)).astype(np.float32)
        table = pd.DataFrame(
            {
                "path": [f"/crops/{seed}/{row:04d}.jpg" for row in range(count)],
                "pid": random.integers(-1, 6, count),
                "camid": random.integers(-1, 4, count),
                "timestamp": np.where(random.random(count) < 0.1, np.nan, 10.0 * np.arange(count)),
                "tracklet": random.integers(-1, count // 3 + 1, count),
                "attributes": [
                    {"hat": bool(row % 2), "colour": ("red", "blue", "green")[row % 3], "age": row}
                    for row in range(count)
                ],
            }
        )
        return features, table

    return build


BACKENDS = [
    "embedded",
    pytest.param("milvus-lite", marks=pytest.mark.slow),
    pytest.param("milvus", marks=pytest.mark.slow),
]


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new gallery may be made, in the back end under test."""
    if request.param == "embedded":
        return str(tmp_path / "gallery")
    pytest.importorskip("pymilvus", reason="the extra milvus is not installed")
    if request.param == "milvus-lite":
        return f"milvus://{tmp_path}/gallery.db/gallery"
    address: str = request.getfixturevalue("milvus_server")
    return f"milvus://{address}/gallery_{uuid.uuid4().hex}"


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Milvus standalone server of its own, on loopback: ``host:port``."""
    with running_server(tmp_path_factory.mktemp("milvus")) as address:
        yield address


@pytest.fixture
def filled(url: str, people: Callable[..., Rows]) -> Gallery:
    """A gallery of 60 rows, open for writing."""
    gallery = Gallery.create(url, dimension=DIMENSION)
    gallery.add(*people(60))
    return gallery


@contextmanager
def running_server(data: Path) -> Iterator[str]:
    """A server on loopback that keeps its data in a folder: ``host:port``.

    Raises:
        RuntimeError: it did not start in time; says what it wrote.
    """
    python = _environment()
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("127.0.0.1", 0)) as second,
    ):
        port, metrics = (each.getsockname()[1] for each in (first, second))
    log = data / "started.log"
    with log.open("wb") as errors:
        server = subprocess.Popen(
            [python, "-c", SERVE, data, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            # Its second door has a fixed number, at which another server here would stop this one.
            env={**os.environ, "METRICS_PORT": str(metrics)},
        )
    try:
        if not _has_started(server):
            raise RuntimeError(f"Milvus did not start; it wrote: {log.read_text()[-2000:]}")
        yield f"127.0.0.1:{port}"
    finally:
        _end(server)


def _environment() -> Path:
    """The Python that has the server: made once and kept beside the environments of nox."""
    python = MILVUS_HOME / "bin" / "python"
    found = python.exists() and not subprocess.run([python, "-c", "import milvus"]).returncode
    if not found:
        venv.create(MILVUS_HOME, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"milvus=={MILVUS}"], check=True)
    return python


def _has_started(server: subprocess.Popen[bytes]) -> bool:
    """Wait for its word, but never longer than it lives: its children keep the pipe open."""
    assert server.stdout is not None
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        if select.select([server.stdout], [], [], 0.5)[0]:
            return server.stdout.readline() == b"started\n"
    return False


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask it to stop; then end what is left of its own session."""
    assert server.stdin is not None
    server.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        server.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
