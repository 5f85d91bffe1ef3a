"""Packed images: the same pictures from one piece, and never stale or half ones."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from reid_data import Records, UnreadableImagesError, eval_loader, train_loader
from reid_data.packed import cached_images, load_images, open_packed, pack_images

Write = Callable[..., Path]
COUNT = 12


@pytest.fixture
def records(tmp_path: Path, write_image: Write) -> Records:
    for row in range(COUNT):
        write_image(tmp_path / "images" / f"{row}.jpg", seed=row, size=(20 + row, 12))
    rows = [(f"images/{row}.jpg", row % 4, 0, "train") for row in range(COUNT)]
    return Records(pd.DataFrame(rows, columns=["path", "pid", "camid", "split"]), tmp_path)


def contents(records: Records) -> list[bytes]:
    return [path.read_bytes() for path in records.paths]


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("*.pack")
    return path


def test_both_hold_what_the_files_hold(records: Records, tmp_path: Path) -> None:
    for packed in (load_images(records), pack_images(records, tmp_path / "cache")):
        assert [packed.read(row) for row in range(COUNT)] == contents(records)
        assert packed.nbytes == sum(map(len, contents(records)))
        assert len(packed) == COUNT


@pytest.mark.parametrize("cache", ["ram", "packed"])
@pytest.mark.parametrize("workers", [0, 2])
def test_loaders_give_the_same_batches(records: Records, cache: str, workers: int) -> None:
    options = {"image_size": (32, 16), "batch_size": 5, "workers": workers}
    files, cached = (
        list(eval_loader(records, cache=kind, **options))  # type: ignore[arg-type]
        for kind in ("files", cache)
    )
    for one, other in zip(files, cached, strict=True):
        assert torch.equal(one.images, other.images)


def test_training_needs_no_files_while_it_runs(records: Records) -> None:
    def batches(cache: str) -> list[torch.Tensor]:
        loader = train_loader(
            records,
            image_size=(32, 16),
            identities_per_batch=2,
            images_per_identity=2,
            augmentation=None,
            seed=1,
            cache=cache,  # type: ignore[arg-type]
        )
        if cache == "ram":
            for path in records.paths:
                path.unlink()
        return [batch.images for batch in loader]

    for one, other in zip(batches("files"), batches("ram"), strict=True):
        assert torch.equal(one, other)


def test_a_packed_file_is_made_once(records: Records, tmp_path: Path) -> None:
    advanced: list[int] = []
    pack_images(records, tmp_path / "cache", advance=advanced.append)
    assert sum(advanced) == COUNT
    before = the_file(tmp_path / "cache").stat()
    pack_images(records, tmp_path / "cache", advance=advanced.append)
    assert sum(advanced) == COUNT
    after = the_file(tmp_path / "cache").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("how", ["content", "time set back", "removed"])
def test_changed_sources_are_noticed(records: Records, tmp_path: Path, how: str) -> None:
    pack_images(records, tmp_path / "cache")
    source = records.paths[3]
    old = source.stat()
    time.sleep(0.01)
    if how == "removed":
        source.unlink()
    else:
        source.write_bytes(source.read_bytes()[::-1])  # of the same size
    if how == "time set back":
        os.utime(source, ns=(old.st_atime_ns, old.st_mtime_ns))
    packed = pack_images(records, tmp_path / "cache")
    if how == "removed":
        with pytest.raises(OSError, match="no such file"):
            packed.read(3)
    else:
        assert packed.read(3) == source.read_bytes()


def test_other_records_get_another_file(records: Records, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    pack_images(records, folder)
    few = records.take([4, 2])
    assert [pack_images(few, folder).read(row) for row in (0, 1)] == [
        contents(records)[row] for row in (4, 2)
    ]
    assert len(list(folder.glob("*.pack"))) == 2
    assert open_packed(next(folder.glob("*.pack")), records.take([0])) is None


def test_a_damaged_image_is_reported_not_shown(records: Records, tmp_path: Path) -> None:
    pack_images(records, tmp_path / "cache")
    path = the_file(tmp_path / "cache")
    with path.open("r+b") as file:
        file.seek(64 + 10)
        file.write(b"\0\0\0\0")
    with pytest.raises(UnreadableImagesError, match=r"damaged in .*\.pack; remove that file"):
        list(
            eval_loader(
                records,
                image_size=(32, 16),
                batch_size=4,
                cache="packed",
                cache_folder=tmp_path / "cache",
            )
        )


@pytest.mark.parametrize("length", [0, 10, 64, 500, -1])
def test_a_cut_or_foreign_file_is_made_anew(records: Records, tmp_path: Path, length: int) -> None:
    pack_images(records, tmp_path / "cache")
    path = the_file(tmp_path / "cache")
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    assert open_packed(path, records) is None
    assert pack_images(records, tmp_path / "cache").read(5) == contents(records)[5]
    path.write_bytes(b"x" * len(whole))
    assert open_packed(path, records) is None


def test_a_killed_build_leaves_nothing_behind_for_long(records: Records, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    records.to_parquet(tmp_path / "records.parquet")
    script = f"""
        import time
        from pathlib import Path
        from reid_data import Records
        from reid_data.packed import pack_images
        records = Records.from_parquet(Path({str(tmp_path / "records.parquet")!r}))
        def stop(_):
            print("half", flush=True)
            time.sleep(60)
        pack_images(records, {str(folder)!r}, advance=stop)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert not list(folder.glob("*.pack"))
    assert pack_images(records, folder).read(0) == contents(records)[0]
    assert not list(folder.glob(".*.part"))


def _pack(records: Records, folder: Path) -> None:
    assert pack_images(records, folder).read(1) == records.paths[1].read_bytes()


def test_processes_share_one_build(records: Records, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=_pack, args=(records, tmp_path / "cache")) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert the_file(tmp_path / "cache").exists()
    assert not list((tmp_path / "cache").glob(".*.part"))


def test_a_cache_of_another_kind_or_place_is_refused(records: Records, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cache must be one of files, ram, packed, came 'disk'"):
        cached_images(records, "disk")  # type: ignore[arg-type]
    (tmp_path / "taken").touch()
    with pytest.raises(ValueError, match="name a folder that can be written to"):
        cached_images(records, "packed", folder=tmp_path / "taken")
