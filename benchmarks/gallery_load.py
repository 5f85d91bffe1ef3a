"""A gallery service under load: many clients searching at once, on the machine that serves them.

    python benchmarks/gallery_load.py [--scale 1] [--clients 50] [--seconds 60] [--out load.json]

The service runs in a process of its own, as `reid-eval gallery serve` starts it, with a small
random network at 256 x 128 and 100,000 random rows (times ``--scale``). Each client keeps one
connection and searches again as soon as it has an answer: an image of 256 x 128 up, 24 answers
down, each search in the audit log before it is answered. Every answer must be right: the clients'
own rows are in the gallery. The clients share the processors with the service. Its memory is read
after each sixth of the time: what is cached once levels off, what leaks goes on.
"""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import torch
from _report import arguments, machine, save, show
from PIL import Image
from torch import Tensor, nn

from reid_eval.gallery import Gallery
from reid_eval.passing import describe_pass
from reid_eval.views import Views

ROWS, DIMENSION, TOP_K = 100_000, 256, 24
PARTS = 6  # after each of which the memory of the service is read
TOKEN = "a-token-of-the-benchmark"  # of a service that lives for a minute

START = """
from reid_data.console import application, run
from reid_eval.cli.gallery_serve import serve_command
app = application("One verb alone.")
app.command("serve")(serve_command)
run(app)
"""


class Network:
    """A few convolutions, always the same ones."""

    image_size = (256, 128)
    embedding_size = DIMENSION
    fingerprint = "gallery load"

    def __init__(self, device: torch.device) -> None:
        torch.manual_seed(0)
        widths = (3, 16, 32, 64, DIMENSION)
        layers = [
            layer
            for inputs, outputs in pairwise(widths)
            for layer in (nn.Conv2d(inputs, outputs, 3, stride=2), nn.ReLU())
        ]
        self.device = device
        self._network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()

    def describe(self) -> dict[str, object]:
        return {"name": "a small random network"}

    def __call__(self, images: Tensor) -> Tensor:
        found: Tensor = self._network(images.float() / 255 - 0.5)
        return found


def load(device: torch.device) -> Network:
    """What ``--model gallery_load:load`` names."""
    return Network(device)


@dataclass(frozen=True)
class Service:
    """Where it is, and its process."""

    address: str
    process: subprocess.Popen[str]

    def memory(self) -> float:
        """MiB that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def pictures(count: int) -> list[bytes]:
    """Different images, as PNG."""
    found = []
    for seed in range(count):
        small = np.random.default_rng(seed).integers(0, 256, (16, 8, 3)).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(small).resize((128, 256), Image.Resampling.NEAREST).save(stream, "PNG")
        found.append(stream.getvalue())
    return found


def fill(folder: Path, images: list[bytes], rows: int) -> None:
    """The images' own embeddings, pid by pid, among random ones that are nobody's."""
    network = Network(torch.device("cpu"))
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(image))) for image in images])
    with torch.inference_mode():
        own = network(torch.from_numpy(pixels).permute(0, 3, 1, 2)).numpy()
    spread = own.std(axis=0)
    noise = np.random.default_rng(0).normal(0, 1, (rows, DIMENSION)) * 3 * spread + own.mean(axis=0)
    pids = np.concatenate([np.arange(len(own)), np.full(rows, -1)])
    table = pd.DataFrame({"pid": pids, "camid": np.arange(len(pids)) % 20})
    features = np.concatenate([own, noise.astype(np.float32)])
    meta = describe_pass(network, Views())
    with Gallery.create(folder, dimension=DIMENSION, model=meta) as gallery:
        gallery.add(features, table, model=meta)


def start(folder: Path) -> Service:
    state = folder / "state"
    state.mkdir()
    (state / "tokens").touch(0o600)
    (state / "tokens").write_text(f"benchmark {TOKEN}\n")
    words = [folder / "gallery", "--model", "gallery_load:load", "--state", state]
    words += ["--port", 0, "--rate", 100_000_000, "--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-c", START, "serve", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parent,
    )
    line = process.stdout.readline() if process.stdout else ""
    return Service(urlsplit(line.split()[-1]).netloc, process)


def client(address: str, pid: int, image: bytes, until: float) -> tuple[list[float], int]:
    """Seconds of each search until the time is up, and how many answers were wrong."""
    connection = http.client.HTTPConnection(address, timeout=60)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/png"}
    times, wrong = list[float](), 0
    while time.monotonic() < until:
        started = time.monotonic()
        connection.request("POST", f"/api/search?top_k={TOP_K}", image, headers)
        response = connection.getresponse()
        body = json.loads(response.read())
        times.append(time.monotonic() - started)
        wrong += response.status != 200 or body["answers"][0]["pid"] != pid
    connection.close()
    return times, wrong


def storm(service: Service, images: list[bytes], seconds: float) -> tuple[list[float], int]:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(images)) as pool:
        work = [
            pool.submit(client, service.address, pid, image, until)
            for pid, image in enumerate(images)
        ]
        done = [one.result() for one in work]
    return [second for times, _ in done for second in times], sum(wrong for _, wrong in done)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    rows = max(1_000, int(ROWS * options.scale))
    seconds = options.seconds * min(1.0, options.scale)
    images = pictures(options.clients)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "gallery", images, rows)
        service = start(folder)
        try:
            storm(service, images, max(2.0, seconds / 6))  # what is loaded once, is loaded
            times, wrong, memory = list[float](), 0, [service.memory()]
            for _ in range(PARTS):
                more, errors = storm(service, images, seconds / PARTS)
                times, wrong = times + more, wrong + errors
                memory.append(service.memory())
        finally:
            service.process.terminate()
            service.process.wait(30)
    row = {
        "rows": rows,
        "clients": options.clients,
        "searches": len(times),
        "errors": wrong,
        "searches/s": len(times) / seconds,
        "median ms": 1000 * float(np.median(times)),
        "99 % ms": 1000 * float(np.quantile(times, 0.99)),
        "MiB": " ".join(f"{one:.0f}" for one in memory),
        "last half": memory[-1] / memory[PARTS // 2],
    }
    show(f"{options.clients} clients for {seconds:g} s", [row])
    save(options.out, {"machine": machine("torch", "fastapi", "uvicorn"), "load": row})


if __name__ == "__main__":
    main()
