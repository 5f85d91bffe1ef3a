"""``reid-eval gallery``, from a folder of crops to answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reid_eval.cli import app, main
from reid_eval.embeddings import Embeddings


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """``run("search", ...)``: what ``reid-eval gallery search ... --json`` prints."""

    def call(*words: str) -> Any:
        app(["gallery", *words, "--json"], standalone_mode=False)
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def crops(tmp_path: Path, write_picture: Callable[..., Path]) -> Path:
    """Three people by two cameras, each camera in its own folder of the flat kind."""
    for pid in (1, 2, 3):
        for camera in (1, 2):
            name = f"{pid:04d}_c{camera}s1_{pid:06d}_00.jpg"
            write_picture(tmp_path / "crops" / name, pid, noise=10 * pid + camera)
    return tmp_path / "crops"


def test_crops_are_added_found_exported_and_deleted(
    run: Callable[..., Any],
    crops: Path,
    tiny_model: str,
    tmp_path: Path,
    write_picture: Callable[..., Path],
) -> None:
    model = ("--model", tiny_model, "--backend", "torch")
    assert run("add", "people", str(crops), *model, "--keep-images")[0]["added"] == 6
    asked = write_picture(tmp_path / "asked" / "0002.jpg", 2, noise=99)
    found = run("search", "people", "asked", *model, "--top-k", "2", "--out", "answers.parquet")
    assert [answer["pid"] for answer in found] == [2, 2]
    assert pd.read_parquet("answers.parquet")["pid"].tolist() == [2, 2]
    assert run("search", "people", str(asked), *model, "--top-k", "2") == found
    found = run("search", "people", "asked", *model, "--camera", "2", "--group-by", "pid")
    assert [answer["camid"] for answer in found] == [2, 2, 2]
    assert found[0]["pid"] == 2
    assert run("export", "people", "--out", "rows", "--pid", "2")[0]["rows"] == 2
    assert Embeddings.load("rows").pids.tolist() == [2, 2]
    assert run("delete", "people", "--pid", "2")[0] == {
        "gallery": "people",
        "deleted": 2,
        "rows": 4,
    }
    assert run("compact", "people")[0]["rows"] == 4
    info = run("info", "people", "--verify")
    assert (info["rows"], info["people"], info["model"]["fingerprint"]) == (4, 2, "pixels")
    # The folder again: only what is missing is added, now from embeddings.
    assert run("add", "people", str(crops), *model, "--skip-present")[0]["added"] == 2
    assert run("create", "empty", "--dimension", "24")["rows"] == 0
    assert run("add", "empty", "rows")[0]["added"] == 2


def test_rows_expire(
    run: Callable[..., Any], make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    side = make([[1, 0], [0, 1], [1, 1]], [1, 2, 3])
    table = side.table.assign(timestamp=[1.0, 20.0, None])
    Embeddings(side.features, table, side.root).save(tmp_path / "timed")
    run("add", "counted", "timed")
    assert run("expire", "counted", "--before", "10")[0]["deleted"] == 1
    with pytest.raises(ValueError, match="everything would be deleted; use --before"):
        run("expire", "counted", "--days", "1")
    assert run("info", "counted")["rows"] == 2
    now = time.time()
    table = side.table.assign(timestamp=[now - 200_000, now - 2000, None])
    Embeddings(side.features, table, side.root).save(tmp_path / "dated")
    run("add", "dates", "dated")
    assert run("expire", "dates", "--days", "1")[0] == {"gallery": "dates", "deleted": 1, "rows": 2}


def test_frames_become_times(
    run: Callable[..., Any], make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    side = make([[1, 0], [0, 1], [1, 1]], [1, 2, 3])
    table = side.table.assign(frame=[50, 75, None], timestamp=[None, 9.0, None])
    Embeddings(side.features, table, side.root).save(tmp_path / "framed")
    run("add", "plain", str(tmp_path / "framed"))
    assert run("info", "plain")["last"] == 9.0
    run("add", "timed", str(tmp_path / "framed"), "--fps", "25")
    info = run("info", "timed")
    assert (info["first"], info["last"]) == (2.0, 9.0)  # a time that is known stays


def test_what_is_there_is_not_embedded_again(
    run: Callable[..., Any], crops: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ("--model", tiny_model, "--backend", "torch")
    run("add", "people", "crops", *model)

    def embed(*_: Any, **__: Any) -> Any:
        raise AssertionError("embedded for nothing")

    monkeypatch.setattr("reid_eval.extraction.embed", embed)
    again = run("add", "people", str(crops), *model, "--skip-present")
    assert again == [{"gallery": "people", "added": 0, "rows": 6}]
    with pytest.raises(ValueError, match=r"6 of 6 rows are in the gallery .*--skip-present"):
        run("add", "people", str(crops), *model)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search", "nowhere", "crops", "--model", "MODEL"], "no gallery"),
        (["add", "people", "absent"], "absent does not exist"),
        (["add", "people", "crops"], "--model is missing|--model"),
        (["add", "people", "crops", "--model", "tiny_model:other"], "differ in their model"),
        (["add", "people", "crops", "--model", "MODEL"], "in the gallery already"),
        (["add", "new", "crops", "--model", "MODEL", "--fps", "25"], "no frame is known"),
        (["add", "new", "crops", "--model", "MODEL", "--fps", "0"], "above 0"),
        (["search", "people", "crops", "--model", "MODEL", "--attribute", "x"], "NAME=VALUE"),
        (["search", "people", "crops", "--after", "2", "--before", "1"], "after must be earlier"),
        (["delete", "people"], "expected --pid PERSON or --id ROW"),
        (["expire", "people"], "expected --before"),
        (["info", "crops"], "no gallery"),
        (["create", "people", "--dimension", "3"], "exists already"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    run: Callable[..., Any],
    crops: Path,
    tiny_model: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    message: str,
) -> None:
    run("add", "people", str(crops), "--model", tiny_model, "--backend", "torch")
    words = [tiny_model if word == "MODEL" else word for word in words]
    monkeypatch.setattr("sys.argv", ["reid-eval", "gallery", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert ended.value.code == 2
    assert re.search(message, error), error
