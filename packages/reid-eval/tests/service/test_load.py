"""Fifty clients at once: no error, no growth, and every search in the log."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

Served = Any
Record = Callable[[str, object], None]
CLIENTS = 50


def client_work(served: Served, number: int, until: float) -> list[float]:
    """Search until the time is up; seconds of each search."""
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=30)
    pid = number % 5 + 1
    body = (served.people / f"{pid:04d}_c1s1_000001_00.png").read_bytes()
    headers = {
        "Authorization": f"Bearer {served.token}",
        "Content-Type": "application/octet-stream",
    }
    found = list[float]()
    try:
        while time.monotonic() < until:
            started = time.monotonic()
            connection.request("POST", "/api/search?top_k=3", body, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            found.append(time.monotonic() - started)
            assert response.status == 200, answer
            # Batched with the others' searches, each still gets the answers to its own.
            assert {one["pid"] for one in answer["answers"]} == {pid}
    finally:
        connection.close()
    return found


def storm(served: Served, seconds: float) -> list[float]:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        work = [pool.submit(client_work, served, number, until) for number in range(CLIENTS)]
        return [seconds for one in work for seconds in one.result()]


def check(served: Served, seconds: float, record: Record, *, growth: float) -> None:
    warm = storm(served, max(1.0, seconds / 6))
    before = served.memory()
    times = storm(served, seconds)
    after = served.memory()
    assert after <= growth * before
    log = (served.state / "audit.jsonl").read_text().splitlines()
    assert len(log) == len(warm) + len(times)
    assert len(times) >= CLIENTS
    record("searches_per_second", round(len(times) / seconds))
    record("slowest_percent_ms", round(1000 * np.quantile(times, 0.99)))


def test_fifty_clients_for_a_moment(served: Served, record_property: Record) -> None:
    check(served, 2, record_property, growth=1.1)


@pytest.mark.slow
def test_fifty_clients_for_a_minute(served: Served, record_property: Record) -> None:
    check(served, 60, record_property, growth=1.05)
