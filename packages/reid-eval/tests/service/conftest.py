"""A gallery of a few painted people behind the service, in this process."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reid_data.datasets import from_images
from reid_eval import Calibration, Embeddings, embed
from reid_eval.gallery import Gallery
from reid_eval.service import create_app
from reid_eval.service.audit import AuditLog
from reid_eval.service.desk import Desk
from reid_eval.service.tokens import Tokens

TOKEN = "a-token-that-is-long-enough"
START = """
from reid_data.console import application, run
from reid_eval.cli.gallery_serve import serve_command
app = application("One verb alone, so that its start is quick.")
app.command("serve")(serve_command)
run(app)
"""
PEOPLE, CAMERAS = range(1, 6), range(1, 4)


class House:
    """The service, and what lies around it."""

    def __init__(self, folder: Path, gallery: Gallery, embedder: Any) -> None:
        self.folder, self.gallery, self.embedder = folder, gallery, embedder
        self.people = folder / "people"
        self.audit_file = folder / "audit.jsonl"
        self.audit = AuditLog(self.audit_file)
        self.tokens = Tokens([("someone", TOKEN), ("another", TOKEN + "-too")])
        self.opened: list[tuple[Desk, TestClient]] = []

    def client(self, *, token: str | None = TOKEN, **settings: Any) -> TestClient:
        """A client; the settings are those of the desk."""
        desk = Desk(self.gallery, self.embedder, self.audit, **{"images": self.people} | settings)
        client = TestClient(create_app(desk, self.tokens), raise_server_exceptions=False)
        if token is not None:
            client.headers["Authorization"] = f"Bearer {token}"
        self.opened.append((desk, client))
        return client

    def picture(self, pid: int, camera: int = 1) -> bytes:
        return (self.people / f"{pid:04d}_c{camera}s1_000001_00.png").read_bytes()

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit_file.read_text().splitlines()]

    def close(self) -> None:
        for desk, client in self.opened:
            client.close()
            desk.close()
        self.audit.close()
        self.gallery.close()


def filled(folder: Path, pixels: Any, paint: Callable[..., Path]) -> Gallery:
    """Five people by three cameras, a minute apart, and somebody nobody knows."""
    people = folder / "people"
    for pid in PEOPLE:
        for camera in CAMERAS:
            name = f"{pid:04d}_c{camera}s1_000001_00.png"
            paint(people / name, pid, noise=10 * pid + camera)
    paint(people / "-1_c2s1_000001_00.png", 99)
    made = embed(pixels, from_images(people, pids="optional"), workers=0)
    table = made.table.copy()
    table["timestamp"] = 60.0 * table["camid"].astype(float) + table["pid"]
    table["tracklet"] = 10 * table["pid"] + table["camid"].astype(int)
    table.loc[table["pid"] < 0, "tracklet"] = -1
    table["attributes"] = [{"bag": bool(pid % 2)} for pid in table["pid"]]
    gallery = Gallery.create(folder / "gallery", dimension=pixels.embedding_size, model=made.meta)
    gallery.add(Embeddings(made.features, table, made.root, made.meta))
    return gallery


@pytest.fixture
def house(tmp_path: Path, pixels: Any, write_picture: Callable[..., Path]) -> Iterator[House]:
    made = House(tmp_path, filled(tmp_path, pixels, write_picture), pixels)
    yield made
    made.close()


@dataclass(frozen=True)
class Served:
    """A service in a process of its own."""

    url: str
    token: str
    process: subprocess.Popen[str]
    state: Path
    people: Path

    def memory(self) -> int:
        """Bytes that the process holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])


@pytest.fixture
def served(
    tmp_path: Path,
    pixels: Any,
    tiny_model: str,
    write_picture: Callable[..., Path],
    calibration: Calibration,
) -> Iterator[Served]:
    """`reid-eval gallery serve` on a free port of this machine, ended by its id."""
    filled(tmp_path, pixels, write_picture).close()
    state = tmp_path / "gallery" / "service"
    state.mkdir()
    (state / "tokens").touch(0o600)
    (state / "tokens").write_text(f"someone {TOKEN}\n")
    options = {
        "model": tiny_model,
        "images": tmp_path / "people",
        "calibration": calibration.save(tmp_path / "calibration.json"),
        "port": 0,
        "rate": 1_000_000,
        "device": "cpu",
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    process = subprocess.Popen(
        [sys.executable, "-c", START, "serve", str(tmp_path / "gallery"), *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving on"), line
        yield Served(line.split()[-1], TOKEN, process, state, tmp_path / "people")
    finally:
        process.terminate()
        assert process.wait(30) == 0


@pytest.fixture
def calibration() -> Calibration:
    """Scores from 0 to 1 mean probabilities from 0 to 1."""
    return Calibration(
        threshold=0.5,
        wanted_fpir=0.1,
        fpir=0.1,
        tpir=0.9,
        known_share=0.5,
        scores=(0.0, 1.0),
        probabilities=(0.0, 1.0),
        queries=10,
        identities=5,
        method="isotonic",
        fingerprint="pixels",
    )


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """``encode(pixels, format="PNG", **options)``."""

    def made(pixels: Any, kind: str = "PNG", **options: Any) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(np.asarray(pixels, np.uint8)).save(stream, kind, **options)
        return stream.getvalue()

    return made
