"""Trainings and losses in several processes, that cannot outlive or outwait their test."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO

_TO_DIE = 5.0


def run_ranks(
    arguments: Sequence[object],
    *,
    ranks: int = 2,
    seconds: float = 600.0,
    code: int = 0,
    stop: signal.Signals = signal.SIGABRT,
) -> list[str]:
    """Run Python once for each rank, as torchrun would; gives what each has said.

    One rank alone is run as a user would run it.

    As soon as one fails or the time is up, all end, and the test fails with what they said and,
    where they were still running, with what every thread of theirs was doing.

    Args:
        arguments: of Python: a script and what it takes, or ``-c`` and code.
        ranks: how many.
        seconds: that they may take.
        code: with which all of them shall exit.
        stop: what those are sent first that are still running; SIGTERM lets a launcher end those
            that it has started.
    """
    words = [sys.executable, *map(str, arguments)]
    with contextlib.ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(ranks)]
        started = [
            subprocess.Popen(
                words,
                env=os.environ | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for output, environment in zip(outputs, _environments(ranks), strict=True)
        ]
        stack.callback(_end, started, stop)
        _wait(started, code, deadline=time.monotonic() + seconds)
        running = [rank for rank, process in enumerate(started) if process.poll() is None]
        _end(started, stop)
        codes = [process.returncode for process in started]
        said = [_read(output) for output in outputs]
    if set(codes) != {code}:
        parts = [f"rank {rank}, code {codes[rank]}:\n{said[rank]}" for rank in range(ranks)]
        why = f"ranks {running} were stopped" if running else "it failed"
        raise AssertionError("\n".join([f"{why} ({seconds:.0f} s allowed)", *parts]))
    return said


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environments(ranks: int) -> list[dict[str, str]]:
    # The second says what every thread does when the process is aborted.
    shared = {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
    if ranks == 1:
        return [shared]
    count = {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks)}
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    return [
        {**shared, **count, **meeting, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        for rank in range(ranks)
    ]


def _wait(started: Sequence[subprocess.Popen[bytes]], code: int, *, deadline: float) -> None:
    while time.monotonic() < deadline:
        codes = {process.poll() for process in started}
        if codes - {code, None} or None not in codes:
            return
        time.sleep(0.1)


def _end(started: Sequence[subprocess.Popen[bytes]], stop: signal.Signals) -> None:
    """Let what still runs say where it is, and then end it with all that it has started."""
    alive = [process for process in started if process.poll() is None]
    for process in alive:
        process.send_signal(stop)
    deadline = time.monotonic() + _TO_DIE
    while time.monotonic() < deadline and any(process.poll() is None for process in alive):
        time.sleep(0.05)
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(output: IO[str]) -> str:
    output.seek(0)
    return output.read()
