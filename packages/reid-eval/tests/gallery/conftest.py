"""Rows of made-up people, and the back ends that every test of the suite runs over."""

from __future__ import annotations

import os
import socket
import subprocess
import uuid
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reid_eval.gallery import Gallery

DIMENSION = 16
MILVUS = "2.3.5"
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
    """A Milvus standalone server of its own, on loopback: ``host:port``.

    Its environment is made once, from the package index, and kept beside those of nox.
    """
    home = Path(__file__).parents[4] / ".nox" / f"milvus-{MILVUS}"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"milvus=={MILVUS}"], check=True)
    data = tmp_path_factory.mktemp("milvus")
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("127.0.0.1", 0)) as second,
    ):
        port, metrics = (each.getsockname()[1] for each in (first, second))
    pipe = subprocess.PIPE
    command = [python, "-c", SERVE, data, str(port)]
    # Its second door has a fixed number, at which another server here would stop this one.
    environment = {**os.environ, "METRICS_PORT": str(metrics)}
    server = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, start_new_session=True, env=environment
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        assert server.stdout.readline() == b"started\n"
        yield f"127.0.0.1:{port}"
    finally:
        server.stdin.close()
        server.wait(60)


@pytest.fixture
def filled(url: str, people: Callable[..., Rows]) -> Gallery:
    """A gallery of 60 rows, open for writing."""
    gallery = Gallery.create(url, dimension=DIMENSION)
    gallery.add(*people(60))
    return gallery
