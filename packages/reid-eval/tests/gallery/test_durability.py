"""What dying processes, full disks and damaged files leave of an embedded gallery."""

from __future__ import annotations

import errno
import importlib.util
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_eval.gallery import Filter, Gallery
from reid_eval.gallery.embedded import appending

WRITER = Path(__file__).with_name("writer.py")
SPEC = importlib.util.spec_from_file_location("gallery_writer", WRITER)
assert SPEC is not None
assert SPEC.loader is not None
writer = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(writer)

People = Callable[..., tuple[np.ndarray, pd.DataFrame]]


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 64 rows, so that a few additions need several."""
    monkeypatch.setattr(appending, "_SEGMENT_BYTES", 64 * 16 * 4)


class Writers:
    """Writing processes, one after the other."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._parent = subprocess.Popen([sys.executable, str(WRITER)], stdin=pipe, stdout=pipe)

    def start(self, folder: Path, seed: int) -> int:
        """Let one write; returns its process number when it has the gallery open."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{folder} {seed}\n".encode())
        self._parent.stdin.flush()
        process = int(self.line())
        assert self.line() == "open"
        return process

    def line(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().decode().strip()

    def kill(self, process: int) -> list[int]:
        """Kill it; returns the batches that it acknowledged."""
        os.kill(process, signal.SIGKILL)
        return [int(line) for line in iter(self.line, "end")]

    @contextmanager
    def writing(self, folder: Path) -> Iterator[int]:
        """One writes inside the block; yields its process number."""
        process = self.start(folder, 0)
        try:
            yield process
        finally:
            self.kill(process)

    def close(self) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait()


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    made = Writers()
    yield made
    made.close()


def check_whole_batches(gallery: Gallery, acknowledged: dict[int, list[int]]) -> None:
    """Every acknowledged batch is there, and of any other all rows or none."""
    ids = gallery.ids()
    rows = gallery.get(ids)
    features = gallery.features(ids)
    found: dict[tuple[int, int], list[int]] = {}
    for place, path in enumerate(rows["path"]):
        seed, batch, _, _ = map(int, path.split("/"))
        found.setdefault((seed, batch), []).append(place)
    for (seed, batch), places in found.items():
        expected, table = writer.rows_of(seed, batch)
        assert rows["path"][places].tolist() == table["path"].tolist()
        assert rows["pid"][places].tolist() == table["pid"].tolist()
        np.testing.assert_array_equal(features[places], expected)
    for seed, batches in acknowledged.items():
        assert all((seed, batch) in found for batch in batches)


def kill_writers(folder: Path, kills: int, writers: Writers) -> None:
    Gallery.create(folder, dimension=writer.DIMENSION).close()
    chance = random.Random(0)
    acknowledged: dict[int, list[int]] = {}
    for seed in range(kills):
        process = writers.start(folder, seed)
        # Where much else runs, a moment is too short for any batch: some get the time they need.
        first = [] if seed % 5 else [int(writers.line())]
        time.sleep(chance.uniform(0, 0.1))
        acknowledged[seed] = first + writers.kill(process)
        with Gallery.open(folder, "write") as gallery:
            gallery.info(verify=True)
            if seed % 20 == 19 or seed == kills - 1:
                check_whole_batches(gallery, acknowledged)
    assert sum(map(len, acknowledged.values())) >= kills / 5


def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path, writers: Writers) -> None:
    kill_writers(tmp_path / "gallery", 10, writers)


@pytest.mark.slow
def test_two_hundred_killed_writers_lose_nothing_acknowledged(
    tmp_path: Path, writers: Writers
) -> None:
    kill_writers(tmp_path / "gallery", 200, writers)


def cut_and_flip(file: Path, places: int) -> Iterator[Callable[[], Any]]:
    """Ways to damage a file: cut at, and flip a bit at, places throughout it."""
    whole = file.read_bytes()
    for place in np.linspace(0, len(whole) - 1, places).astype(int).tolist():
        yield lambda place=place: file.write_bytes(whole[:place])  # type: ignore[misc]
        flipped = bytes([whole[place] ^ (1 << place % 8)])
        yield (
            lambda place=place, bit=flipped: file.write_bytes(  # type: ignore[misc]
                whole[:place] + bit + whole[place + 1 :]
            )
        )
    yield file.unlink


def damage(tmp_path: Path, people: People, places: int, unacknowledged: int) -> None:
    folder = tmp_path / "gallery"
    with Gallery.create(folder, dimension=16) as gallery:
        for seed in range(5):
            gallery.add(*people(20, seed=seed))
        ids = gallery.ids()
        features, rows = gallery.features(ids), gallery.get(ids)
    last = max((folder / "segments").glob("*.features"))
    with last.open("ab") as stream:  # what a writer that was killed had not yet made count
        stream.write(os.urandom(unacknowledged))
    shutil.copytree(folder, tmp_path / "kept")
    for step in cut_and_flip(last, places):
        step()
        with Gallery.open(folder) as reader:
            np.testing.assert_array_equal(reader.features(ids), features)
        with Gallery.open(folder, "write") as gallery:
            np.testing.assert_array_equal(gallery.features(ids), features)
            pd.testing.assert_frame_equal(gallery.get(gallery.ids()), rows)
            gallery.info(verify=True)
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "kept", folder)


def test_damage_to_the_last_file_loses_nothing_acknowledged(tmp_path: Path, people: People) -> None:
    damage(tmp_path, people, 6, unacknowledged=100)


@pytest.mark.slow
def test_damage_throughout_the_last_file_loses_nothing_acknowledged(
    tmp_path: Path, people: People
) -> None:
    damage(tmp_path, people, 300, unacknowledged=1000)


@pytest.mark.parametrize("mode", ["read", "write"])
def test_damage_to_both_copies_is_said_and_not_searched(
    tmp_path: Path, people: People, mode: Any
) -> None:
    with Gallery.create(tmp_path / "gallery", dimension=16) as gallery:
        gallery.add(*people(20))
    for file in (tmp_path / "gallery" / "segments").iterdir():
        data = bytearray(file.read_bytes())
        data[40] ^= 1
        file.write_bytes(data)
    with pytest.raises(ValueError, match="20 of 20 rows are not what was written"):
        Gallery.open(tmp_path / "gallery", mode)


def test_damage_to_an_older_file_is_said_when_it_is_read(tmp_path: Path, people: People) -> None:
    with Gallery.create(tmp_path / "gallery", dimension=16) as gallery:
        features, _ = people(100)
        gallery.add(features)
    file = min((tmp_path / "gallery" / "segments").glob("*.features"))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with Gallery.open(tmp_path / "gallery") as gallery:
        assert gallery.count() == 100
        for read in (lambda: gallery.search(features), lambda: gallery.info(verify=True)):
            with pytest.raises(ValueError, match="are not what was written"):
                read()
    file.write_bytes(data[:-1])
    with pytest.raises(ValueError, match="shorter than it was written"):
        Gallery.open(tmp_path / "gallery")


def test_a_damaged_catalogue_is_said(tmp_path: Path) -> None:
    Gallery.create(tmp_path / "gallery", dimension=16).close()
    (tmp_path / "gallery" / "catalog.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(ValueError, match="damaged or no catalogue"):
        Gallery.open(tmp_path / "gallery")


def test_the_second_writer_is_refused_by_the_name_of_the_first(
    tmp_path: Path, writers: Writers
) -> None:
    folder = tmp_path / "gallery"
    Gallery.create(folder, dimension=writer.DIMENSION).close()
    with (
        writers.writing(folder) as process,
        pytest.raises(ValueError, match=rf"written by process {process} on \w+"),
    ):
        Gallery.open(folder, "write")
    with Gallery.open(folder, "write"), pytest.raises(ValueError, match=f"process {os.getpid()} "):
        Gallery.open(folder, "write")
    Gallery.open(folder, "write").close()


def test_readers_see_whole_additions_while_a_writer_adds(tmp_path: Path, writers: Writers) -> None:
    folder = tmp_path / "gallery"
    Gallery.create(folder, dimension=writer.DIMENSION).close()
    query, _ = writer.rows_of(0, 0)
    seen, started = [], time.monotonic()
    with writers.writing(folder), Gallery.open(folder) as reader:
        while len(set(seen)) < 4 and time.monotonic() - started < 30:
            rows = reader.search(query[:1], 100_000).rows
            if rows.empty:
                continue
            counts = rows["path"].str.split("/").str[1].astype(int).value_counts()
            whole = {batch: len(writer.rows_of(0, batch)[0]) for batch in counts.index}
            assert counts.to_dict() == whole
            assert set(counts.index) == set(range(len(counts)))
            seen.append(len(counts))
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_readers_go_on_while_rows_are_deleted_and_files_rewritten(
    tmp_path: Path, people: People
) -> None:
    features, table = people(100)
    gallery = Gallery.create(tmp_path / "gallery", dimension=16)
    gallery.add(features, table)
    failures: list[Exception] = []
    stop = threading.Event()

    def read() -> None:
        try:
            with Gallery.open(tmp_path / "gallery") as reader:
                while not stop.is_set():
                    hits = reader.search(features[:2], 20)
                    assert set(hits.rows["id"]) == set(hits.ids[hits.ids >= 0].tolist())
                    reader.features(hits.ids[0][:1])
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for row in gallery.ids()[30:60].tolist():
        gallery.delete([row])
        if row % 10 == 0:
            gallery.compact()
    stop.set()
    thread.join()
    gallery.close()
    # A row may be deleted between a search and the next call: that is said, nothing else happens.
    assert all("any more" in str(failure) for failure in failures)


class FullDisk:
    """Lets so many bytes through, then says that the disk is full."""

    def __init__(self, left: int) -> None:
        self.left, self.write = left, os.pwrite

    def __call__(self, handle: int, data: Any, place: int) -> int:
        if self.left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.write(handle, memoryview(data)[: self.left], place)
        self.left -= written
        return written


@pytest.mark.parametrize("left", [0, 100, 5000, 6500])
def test_a_full_disk_leaves_the_old_state(
    tmp_path: Path, people: People, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    features, table = people(60)
    with Gallery.create(tmp_path / "gallery", dimension=16) as gallery:
        ids = gallery.add(features, table)
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", FullDisk(left))
            with pytest.raises(OSError, match="No space left"):
                gallery.add(*people(60, seed=1))
        assert gallery.ids().tolist() == ids.tolist()
        gallery.info(verify=True)
        # The room is given back, and the gallery goes on.
        size = sum(file.stat().st_size for file in (tmp_path / "gallery/segments").iterdir())
        assert size == 2 * features.nbytes
        gallery.add(*people(60, seed=1))
        assert gallery.count() == 120


def test_a_limit_of_the_system_on_files_leaves_the_old_state(tmp_path: Path) -> None:
    script = """
import resource, sys
import numpy as np
from reid_eval.gallery import Gallery
gallery = Gallery.create(sys.argv[1], dimension=16)
gallery.add(np.ones((100, 16)))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    gallery.add(np.ones((100_000, 16)))
except OSError as error:
    print(type(error).__name__, gallery.count())
"""
    command = [sys.executable, "-c", script, str(tmp_path / "gallery")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["OSError", "100"], done.stderr
    with Gallery.open(tmp_path / "gallery", "write") as gallery:
        assert gallery.info(verify=True).rows == 100


def test_compacting_erases_what_was_deleted(tmp_path: Path, people: People) -> None:
    features, table = people(60)
    table["attributes"] = [{"note": f"secret {row}"} for row in range(60)]
    with Gallery.create(tmp_path / "gallery", dimension=16) as gallery:
        ids = gallery.add(features, table)
        gallery.delete(ids[7:8])
        gallery.compact()
        assert gallery.count(Filter(attributes={"note": "secret 8"})) == 1
    kept = b"".join(file.read_bytes() for file in (tmp_path / "gallery").rglob("*.*"))
    assert features[8].tobytes() in kept
    assert b"/0008.jpg" in kept
    for gone in (features[7].tobytes(), b"/0007.jpg", b'secret 7"'):
        assert gone not in kept


def test_threads_share_a_gallery(tmp_path: Path, people: People) -> None:
    features, table = people(60)
    with Gallery.create(tmp_path / "gallery", dimension=16) as gallery:
        gallery.add(features, table)
        expected = gallery.search(features, 5).ids
        wrong: list[object] = []

        def work() -> None:
            for _ in range(10):
                found = gallery.search(features, 5).ids
                if not (found == expected).all():
                    wrong.append(found)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
