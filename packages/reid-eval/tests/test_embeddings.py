"""Embeddings in memory and on disk: whole, checked, and never over something else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_eval import _folders
from reid_eval.embeddings import Embeddings, check_comparable, check_target, is_embeddings_folder

Make = Callable[..., Embeddings]


@pytest.fixture
def some(make: Make) -> Embeddings:
    features = np.arange(12).reshape(4, 3)
    return make(features, [5, 7, 7, -1], [1, None, 2, 2], root="/data/pictures", views=[])


def test_a_folder_gives_back_what_was_saved(some: Embeddings, tmp_path: Path) -> None:
    folder = some.save(tmp_path / "deep" / "people")
    assert is_embeddings_folder(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "embeddings.npy",
        "meta.json",
        "paths.npy",
        "records.parquet",
    ]
    back = Embeddings.load(folder)
    np.testing.assert_array_equal(back.features, some.features)
    assert back.pids.tolist() == [5, 7, 7, -1]
    assert back.camids.tolist() == [1, -1, 2, 2]
    assert back.paths[2] == Path("/data/pictures/0002.jpg")
    assert back.meta["fingerprint"] == "made up"
    assert list((tmp_path / "deep").iterdir()) == [folder]


def test_shown_is_how_many_of_what(some: Embeddings) -> None:
    assert repr(some) == "Embeddings(4 x 3, 3 identities, root='/data/pictures')"


def test_features_are_mapped_unless_asked_otherwise(some: Embeddings, tmp_path: Path) -> None:
    folder = some.save(tmp_path / "people")
    assert isinstance(Embeddings.load(folder).features, np.memmap)
    assert not isinstance(Embeddings.load(folder, mmap=False).features, np.memmap)


def test_writing_to_mapped_features_does_not_touch_the_file(
    some: Embeddings, tmp_path: Path
) -> None:
    folder = some.save(tmp_path / "people")
    Embeddings.load(folder).features[:] = 0
    assert Embeddings.load(folder).features[3, 2] == 11


def test_other_tools_read_the_folder_without_us(some: Embeddings, tmp_path: Path) -> None:
    folder = some.save(tmp_path / "people")
    paths = np.load(folder / "paths.npy", allow_pickle=False)
    assert paths.dtype.kind == "U"
    assert paths[0] == "/data/pictures/0000.jpg"
    assert np.load(folder / "embeddings.npy", allow_pickle=False).dtype == np.float32
    assert pd.read_parquet(folder / "records.parquet")["pid"].tolist() == [5, 7, 7, -1]


def test_take_and_split_keep_rows_together(make: Make) -> None:
    both = make([[0.0], [1.0], [2.0]], [4, 5, 6])
    both.table.loc[1, "split"] = "query"
    assert both.take([2, 0]).pids.tolist() == [6, 4]
    assert both.take(np.array([False, True, True])).features.tolist() == [[1.0], [2.0]]
    assert both.split("query").pids.tolist() == [5]
    assert both.split("query", "gallery").pids.tolist() == [4, 5, 6]
    with pytest.raises(ValueError, match="belongs to train; splits here: gallery, query"):
        both.split("train")


@pytest.mark.parametrize(
    ("features", "rows", "said"),
    [
        (np.zeros((2, 3)), 2, r"must be float32 \(N, D\), got float64"),
        (np.zeros(3, np.float32), 3, r"got float32 \(3,\)"),
        (np.zeros((2, 3), np.float32), 3, "2 features for 3 table rows"),
    ],
)
def test_features_and_table_must_fit(features: Any, rows: int, said: str) -> None:
    table = pd.DataFrame({"path": list("abc")[:rows], "pid": 1, "camid": 1})
    with pytest.raises(ValueError, match=said):
        Embeddings(features, table, Path())


def test_a_table_without_ids_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lacks the column\(s\) pid, camid; it has path, label"):
        Embeddings(np.zeros((1, 2), np.float32), pd.DataFrame({"path": ["a"], "label": 1}), Path())


def test_an_older_embeddings_folder_is_replaced(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "people"
    make([[1.0]], [1]).save(folder)
    make([[2.0], [3.0]], [1, 2]).save(folder)
    assert Embeddings.load(folder).features.tolist() == [[2.0], [3.0]]
    assert list(tmp_path.iterdir()) == [folder]


def test_where_folders_cannot_be_swapped_they_are_renamed(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_folders, "_exchange", lambda first, second: False)
    folder = tmp_path / "people"
    for value in (1.0, 2.0):
        make([[value]], [1]).save(folder)
    assert Embeddings.load(folder).features.tolist() == [[2.0]]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_failed_save_leaves_the_old_folder_and_nothing_else(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make([[1.0]], [1]).save(tmp_path / "people")
    bad = make([[2.0]], [1])
    bad.table["odd"] = [object()]
    with pytest.raises(Exception, match="object"):
        bad.save(folder)
    assert Embeddings.load(folder).features.tolist() == [[1.0]]
    assert list(tmp_path.iterdir()) == [folder]


def test_nothing_else_is_ever_overwritten(make: Make, tmp_path: Path) -> None:
    people = make([[1.0]], [1])
    photos = tmp_path / "photos"
    photos.mkdir()
    check_target(photos)  # an empty folder may become one
    (photos / "holiday.jpg").write_bytes(b"precious")
    with pytest.raises(ValueError, match=r"holds other files \(holiday.jpg\).*another --out"):
        people.save(photos)
    assert (photos / "holiday.jpg").read_bytes() == b"precious"
    file = tmp_path / "file"
    file.write_text("precious")
    with pytest.raises(ValueError, match="is a file"):
        people.save(file)
    folder = people.save(tmp_path / "people")
    (folder / "notes.txt").write_text("precious")
    with pytest.raises(ValueError, match=r"holds other files \(notes.txt\)"):
        people.save(folder)
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "meta.json").write_text('{"format": "something else"}')
    with pytest.raises(ValueError, match="no embeddings folder"):
        people.save(strange)


def shorten(folder: Path) -> None:
    np.save(folder / "embeddings.npy", np.zeros((3, 3), np.float32))


def widen(folder: Path) -> None:
    np.save(folder / "embeddings.npy", np.zeros((4, 5), np.float32))


def poison(folder: Path) -> None:
    features = np.load(folder / "embeddings.npy")
    features[2, 1] = np.nan
    np.save(folder / "embeddings.npy", features)


def double(folder: Path) -> None:
    np.save(folder / "embeddings.npy", np.zeros((4, 3)))


def truncate(folder: Path) -> None:
    path = folder / "embeddings.npy"
    path.write_bytes(path.read_bytes()[:-20])


def pickled(folder: Path) -> None:
    np.save(folder / "embeddings.npy", np.array([{"a": 1}], object), allow_pickle=True)


def edit_meta(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        meta = json.loads((folder / "meta.json").read_text())
        (folder / "meta.json").write_text(json.dumps({**meta, **changes}))

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "meta.json").unlink(), "is no embeddings folder: it has no"),
        (lambda folder: (folder / "meta.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "meta.json").write_text("[]"), "no embeddings folder"),
        (lambda folder: (folder / "embeddings.npy").unlink(), "it lacks embeddings.npy"),
        (lambda folder: (folder / "records.parquet").unlink(), "it lacks records.parquet"),
        (lambda folder: (folder / "records.parquet").write_bytes(b"x"), "is damaged, embed again"),
        (truncate, "is damaged, embed again"),
        (pickled, "is damaged, embed again"),
        (shorten, "is damaged.*3 features for 4 table rows"),
        (widen, "promises 4 x 3, embeddings.npy holds 4 x 5"),
        (double, "must be float32"),
        (poison, "embedding of 0002.jpg is not finite"),
        (edit_meta(format="x"), "no embeddings folder"),
        (edit_meta(format_version=99), "has format version 99, this software reads 1"),
    ],
)
def test_a_damaged_folder_is_one_clear_line(
    some: Embeddings, tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    folder = some.save(tmp_path / "people")
    damage(folder)
    with pytest.raises(ValueError, match=said) as caught:
        Embeddings.load(folder)
    assert "\n" not in str(caught.value)
    assert "people" in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"fingerprint": "0123456789abcdef0123"}, "model .made up and 0123456789ab"),
        ({"image_size": [256, 128]}, "image size .unknown and"),
        ({"views": ["mirrored"]}, "test-time views"),
        ({"normalised": True}, "normalisation"),
    ],
)
def test_what_cannot_be_compared_is_refused(make: Make, facts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"query and gallery differ in their {said}"):
        check_comparable(make([[1.0]], [1]), make([[1.0]], [1], **facts))


def test_other_dimensions_cannot_be_compared(make: Make) -> None:
    with pytest.raises(ValueError, match="query embeddings have 1 dimensions, the gallery's 2"):
        check_comparable(make([[1.0]], [1]), make([[1.0, 2.0]], [1]))


KILLED = """
import os, sys
from pathlib import Path
import numpy as np, pandas as pd
from reid_eval.embeddings import Embeddings

folder = Path(sys.argv[1])

def save(value):
    table = pd.DataFrame({"path": [f"{value}.jpg"], "pid": [value], "camid": [1]})
    Embeddings(np.full((1, 8), value, np.float32), table, Path("."), {"value": value}).save(folder)

def killed_at(step, value):
    left = step
    def hook(event, arguments):
        nonlocal left
        if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "ctypes.dlsym"):
            left -= 1
            if left == 0:
                os._exit(9)
    sys.addaudithook(hook)
    save(value)
    os._exit(0)

save(0)
seen, step, status = set(), 0, None
while status != 0:
    step += 1
    child = os.fork()
    if child == 0:
        killed_at(step, step)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    there = Embeddings.load(folder)
    value = int(there.features[0, 0])
    assert (there.features == value).all()
    assert (there.meta["value"], int(there.pids[0])) == (value, value), step
    seen.add("new" if value == step else "old")
print(step, *sorted(seen))
"""


@pytest.mark.skipif(not hasattr(_folders.os, "fork"), reason="kills a forked process")
def test_a_process_killed_at_any_step_leaves_the_old_folder_or_the_new_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "people")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps, *seen = done.stdout.split()
    assert int(steps) > 8  # every file that is opened, every rename and removal
    assert seen == ["new", "old"]
