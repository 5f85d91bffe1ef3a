"""The console script: what it prints and writes, what it refuses, and what it does not import."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from reid_eval import metrics
from reid_eval.cli import options
from reid_eval.embeddings import Embeddings
from reid_eval.exact_search import SearchFilter

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(script: Call, tiny_model: str) -> Call:
    """Run ``reid-eval`` with arguments in the test's folder; gives exit code, stdout and stderr."""

    return partial(script, "reid-eval")


def answer(call: Call, *arguments: object) -> Any:
    code, out, err = call(*arguments, "--json", "--workers", 0)
    assert code == 0, err
    return json.loads(out)


def refusal(call: Call, *arguments: object) -> str:
    """The one line that bad input gets."""
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1, err
    return err


MODEL = ("--model", "tiny_model:embedder")


def test_test_measures_a_data_set_and_writes_everything(
    call: Call, market: Path, tmp_path: Path
) -> None:
    data = ("--data", "market1501", "--root", market)
    payload = answer(call, "test", *MODEL, *data, "--out", "out")
    assert payload["metrics"] == {
        "mAP": 1.0,
        "Rank-1": 1.0,
        "Rank-5": 1.0,
        "Rank-10": 1.0,
        "Rank-20": 1.0,
        "Rank-50": 1.0,
        "mINP": 1.0,
    }
    assert (payload["queries"], payload["gallery"], payload["skipped"]) == (4, 13, {})
    assert payload["images_per_second"] > 0
    assert json.loads(Path("out/report.json").read_text())["mAP"] == 1.0
    assert "market1501" in Path("out/report.html").read_text()
    assert len(Embeddings.load("out/query")) == 4
    assert Embeddings.load("out/gallery").table["split"].value_counts().to_dict() == {
        "gallery": 12,
        "distractor": 1,
    }
    again = answer(call, "test", "--query", "out/query", "--gallery", "out/gallery")
    assert again["metrics"] == payload["metrics"]
    assert again["images_per_second"] is None
    assert again["files"] == {}


def test_test_prints_a_table_for_people(call: Call, market: Path) -> None:
    code, out, err = call(
        *("test", *MODEL, "--data", "market1501", "--root", market, "--workers", 0)
    )
    assert code == 0
    assert [
        name for name in ("mAP", "Rank-1", "Rank-5", "Rank-10", "mINP") if name not in out
    ] == []
    assert "100.0%" in out
    assert "4 queries, 13 gallery images" in out
    assert "images/s" in err


def test_every_protocol_option_reaches_the_metrics(call: Call, market: Path) -> None:
    payload = answer(
        *(call, "test", *MODEL),
        *("--query", market / "query", "--gallery", market / "bounding_box_test"),
        *("--camera-filter", "none", "--average-precision", "trapezoid"),
        *("--metric", "euclidean", "--flip", "--junk", 0, "--junk", 3),
    )
    assert payload["protocol"] == {
        "metric": "euclidean",
        "camera_filter": "none",
        "junk_pids": [0, 3],
        "average_precision": "trapezoid",
        "ties": "gallery-order",
        "gallery_size": 14,
    }
    assert payload["skipped"] == {"junk query": 1}


def test_the_report_may_come_without_embeddings(call: Call, market: Path) -> None:
    data = ("--data", "market1501", "--root", market)
    answer(call, "test", *MODEL, *data, "--out", "out", "--no-embeddings")
    assert sorted(path.name for path in Path("out").iterdir()) == ["report.html", "report.json"]


def test_embed_a_data_set_a_split_or_a_folder(call: Call, market: Path) -> None:
    data = ("--data", "market1501", "--root", market)
    everything = answer(call, "embed", *MODEL, *data, "--out", "all")
    assert everything["count"] == 22
    assert everything["fingerprint"] == "pixels"
    some = answer(call, "embed", *MODEL, *data, "--split", "query", "--split", "junk", "--out", "s")
    assert some["count"] == 5
    folder = answer(call, "embed", *MODEL, "--images", market / "query", "--out", "query")
    assert folder["count"] == 4
    split = Embeddings.load("all").split("query")
    np.testing.assert_array_equal(split.features, Embeddings.load("query").features)
    assert answer(call, "embed", *MODEL, *data, "--out", "all")["count"] == 22  # replaced


def test_search_image_folders_and_embeddings_alike(call: Call, market: Path) -> None:
    folders = ("--query", market / "query", "--gallery", market / "bounding_box_test")
    payload = answer(call, "search", *MODEL, *folders, "--top-k", 3)
    assert payload["out"] == "results.parquet"
    assert (payload["queries"], payload["gallery"], payload["answers"]) == (4, 14, 12)
    table = pd.read_parquet("results.parquet")
    assert (table["rank"].to_numpy().reshape(4, 3) == [1, 2, 3]).all()
    # No filter unless asked: the query's own camera is there.
    assert set(table["camid"]) == {1, 2, 3}
    for name in ("query", "bounding_box_test"):
        answer(call, "embed", *MODEL, "--images", market / name, "--out", f"e/{name}")
    embedded = ("--query", "e/query", "--gallery", "e/bounding_box_test")
    answer(call, "search", *embedded, "--top-k", 3, "--out", "again.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet("again.parquet"), table)
    mixed = ("--query", market / "query", "--gallery", "e/bounding_box_test")
    answer(call, "search", *MODEL, *mixed, "--top-k", 3, "--out", "mixed.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet("mixed.parquet"), table)


def test_search_options(call: Call, market: Path) -> None:
    folders = ("--query", market / "query", "--gallery", market / "bounding_box_test")
    for name, extra, answers in (
        ("all", (), 4 * 14),
        ("cross-camera", ("--camera-filter", "cross-camera"), 4 * 13),
        ("other-cameras", ("--camera-filter", "other-cameras"), 4 * 10),
        ("euclidean", ("--metric", "euclidean", "--flip"), 4 * 14),
    ):
        payload = answer(call, "search", *MODEL, *folders, "--top-k", 0, *extra)
        assert payload["answers"] == answers, name
    assert pd.read_parquet("results.parquet")["distance"].max() > 2


def test_search_prints_the_first_answers(
    call: Call, market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    folders = ("--query", market / "query", "--gallery", market / "bounding_box_test")
    code, out, _ = call("search", *MODEL, *folders, "--workers", 0)
    assert code == 0
    assert "results.parquet begins" in out
    assert out.count("0001_c1s1_000009_00.jpg") == 10


def test_identify_writes_result_csv_and_prints_the_accuracy(call: Call, market: Path) -> None:
    folders = ("--query", market / "query", "--gallery", market / "bounding_box_test")
    payload = answer(call, "identify", *MODEL, *folders)
    assert {**payload, "images_per_second": 0} == {
        "out": "result.csv",
        "queries": 4,
        "known": 4,
        "correct": 4,
        "accuracy": 1.0,
        "threshold": None,
        "unknown": 0,
        "accuracy_present": 1.0,
        "accuracy_absent": None,
        "unanswered": 0,
        "nameless": 1,
        "images_per_second": 0,
    }
    with Path("result.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["query filename", "predicted class", "predicted path", "distance"]
    assert [row[0] for row in rows[1:]] == [f"000{p}_c1s1_000009_00.jpg" for p in range(1, 5)]
    assert [row[1] for row in rows[1:]] == ["1", "2", "3", "4"]
    assert all(row[2].startswith(f"{int(row[1]):04d}_c") for row in rows[1:])
    assert all(0 <= float(row[3]) < 0.1 for row in rows[1:])
    code, out, err = call("identify", *MODEL, *folders, "--workers", 0)
    assert code == 0
    assert "100.0%" in out
    assert "1 gallery images bear no identity" in err


def test_identify_without_known_queries_has_no_accuracy(
    call: Call, market: Path, write_picture: Callable[..., Path]
) -> None:
    write_picture(Path("crops/frame-a.jpg"), 2)
    folders = ("--query", "crops", "--gallery", market / "bounding_box_test")
    payload = answer(call, "identify", *MODEL, *folders)
    assert payload["accuracy"] is None
    assert Path("result.csv").read_text().splitlines()[1].startswith("frame-a.jpg,2,0002_c")


def test_identity_folders_are_a_gallery(
    call: Call, market: Path, write_picture: Callable[..., Path]
) -> None:
    for pid in (3, 4):
        write_picture(Path(f"known/{pid:03d}/any name.png"), pid)
    answer(call, "identify", *MODEL, "--query", market / "query", "--gallery", "known")
    last = Path("result.csv").read_text().splitlines()[-1]
    assert last.startswith("0004_c1s1_000009_00.jpg,4,any name.png,")


@pytest.mark.parametrize("verb", ["test", "search", "identify"])
def test_unreadable_images_are_all_listed_before_the_model_sees_one(
    call: Call, market: Path, verb: str
) -> None:
    broken = [market / "query" / "0002_c1s1_000009_00.jpg"]
    broken.append(market / "bounding_box_test" / "0003_c2s1_000001_00.jpg")
    for path in broken:
        path.write_bytes(b"")
    folders = ("--query", market / "query", "--gallery", market / "bounding_box_test")
    code, out, err = call(verb, *MODEL, *folders, "--workers", 0)
    lines = err.splitlines()
    assert (code, out, len(lines)) == (2, "", 3)
    assert lines[0].startswith("error: 2 images cannot be read")
    assert "--skip-unreadable" in lines[0]
    assert lines[1:] == [f"{path}: empty file" for path in broken]
    code, out, err = call(verb, *MODEL, *folders, "--workers", 0, "--skip-unreadable")
    assert code == 0
    assert "query: 1 unreadable image(s) left out" in err
    assert "gallery: 1 unreadable image(s) left out" in err


def sides(query: object = "m/query", gallery: object = "m/bounding_box_test") -> tuple[object, ...]:
    return ("--query", query, "--gallery", gallery)


DATA = ("--data", "market1501", "--root", "m")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("test", *MODEL), "expected --data NAME --root FOLDER, or --query FOLDER"),
        (("test", *MODEL, "--data", "market1501"), "expected --data NAME --root FOLDER"),
        (("test", *MODEL, *DATA, *sides()), "not both"),
        (("test", *MODEL, "--data", "market", "--root", "m"), "did you mean market1501?"),
        (("test", *MODEL, "--data", "market1501", "--root", "no"), "there is no such folder"),
        (("test", *MODEL, "--data", "market1501", "--root", "empty"), "empty"),
        (("test", *DATA), "--model is missing"),
        (("test", "--model", "no/where", *DATA), "'no/where' is no model: there is no such file"),
        (("test", "--model", "tiny_model:absent", *DATA), "cannot import 'absent'"),
        (("test", "--model", "absent:f", *DATA), "cannot import 'f' from 'absent'"),
        (("test", *MODEL, *DATA, "--out", "file"), "--out file is a file"),
        (("test", *MODEL, *DATA, "--out", "full"), "full/query holds other files (precious.txt)"),
        (("test", *MODEL, *DATA, "--metric", "manhattan"), "manhattan"),
        (("test", *MODEL, *DATA, "--device", "toaster"), "device must be auto"),
        (("test", *MODEL, *DATA, "--batch-size", "0"), "batch-size"),
        (("test", *MODEL, *DATA, "--nonsense"), "--nonsense"),
        (("search", *MODEL, "--gallery", "m/query"), "--query is missing"),
        (("search", *MODEL, *sides("no")), "--query no does not exist"),
        (("search", *MODEL, *sides("file")), "--query file is a file"),
        (("search", *MODEL, *sides(gallery="empty")), "expected images in empty"),
        (
            ("search", *sides()),
            "--model is missing: it is needed to embed the images of the query and g",
        ),
        (("search", *sides(gallery="embedded")), "to embed the images of the query"),
        (("search", *MODEL, *sides("broken", "embedded")), "broken is incomplete"),
        (
            ("search", "--model", "tiny_model:other", *sides(gallery="embedded")),
            "--model and gallery differ in their model (other pixels and pixels)",
        ),
        (
            ("search", *MODEL, "--flip", *sides(gallery="embedded")),
            "--model and gallery differ in their test-time views",
        ),
        (("search", *MODEL, *sides(), "--top-k", "-1"), "top-k"),
        (("search", *MODEL, *sides(), "--out", "empty"), "--out empty is a folder"),
        (("search", *MODEL, *sides(), "--out", "file/r.parquet"), "cannot be written"),
        (("identify", *MODEL, *sides(gallery="junk")), "none of the 1 gallery images bears"),
        (("identify", *MODEL, *sides(), "--camera-filter", "all"), "all"),
        (("identify", *MODEL, *sides(), "--out", "empty"), "--out empty is a folder"),
        (("embed", *MODEL, *DATA, "--out", "full/query"), "would be replaced"),
        (("embed", *MODEL, *DATA, "--images", "m/query", "--out", "x"), "not both"),
        (("embed", *MODEL, "--out", "x"), "expected --data NAME --root FOLDER, or --images"),
        (("embed", *MODEL, *DATA, "--split", "val", "--out", "x"), "no images in split val"),
        (("embed", *DATA, "--out", "x"), "--model"),
        (("embed", *MODEL, *DATA), "--out"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(
    call: Call, market: Path, arguments: tuple[object, ...], said: str
) -> None:
    Path("m").symlink_to(market)
    Path("file").write_text("precious")
    for folder in ("empty", "full/query", "junk"):
        Path(folder).mkdir(parents=True)
    Path("full/query/precious.txt").write_text("precious")
    name = "-1_c2s1_000001_00.jpg"
    (Path("junk") / name).write_bytes((market / "bounding_box_test" / name).read_bytes())
    if "embedded" in arguments:
        answer(call, "embed", *MODEL, "--images", "m/bounding_box_test", "--out", "embedded")
        answer(call, "embed", *MODEL, "--images", "m/query", "--out", "broken")
        Path("broken/embeddings.npy").unlink()
    before = set(Path().iterdir())
    assert said in refusal(call, *arguments)
    assert {path for path in Path().iterdir() if path.name != "__pycache__"} <= before


def test_no_match_at_all_is_one_line(call: Call, market: Path) -> None:
    for path in (market / "bounding_box_test").glob("000[1-4]_c[23]*"):
        path.unlink()
    code, _, err = call("test", *MODEL, "--data", "market1501", "--root", market, "--workers", 0)
    assert code == 2
    assert "of 4 queries the camera filter emptied 4" in err.splitlines()[-1]


def test_choices_are_those_of_the_library() -> None:
    for choices, literal in (
        (options.MetricChoice, metrics.Metric),
        (options.AveragePrecisionChoice, metrics.AveragePrecision),
        (options.EvaluationFilterChoice, metrics.CameraFilter),
        (options.SearchFilterChoice, SearchFilter),
    ):
        assert {choice.value for choice in choices} == set(get_args(literal))


def test_the_installed_script_works_from_the_shell(
    tiny_model: str, market: Path, tmp_path: Path
) -> None:
    script = Path(sys.executable).with_name("reid-eval")
    folders = ("--query", str(market / "query"), "--gallery", str(market / "bounding_box_test"))
    done = subprocess.run(
        [str(script), "identify", "--model", tiny_model, *folders, "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accuracy"] == 1.0
    assert (tmp_path / "result.csv").is_file()
    bad = subprocess.run(
        [str(script), "search", "--model", tiny_model, "--query", "no", "--gallery", "no"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert bad.returncode == 2
    assert len(bad.stderr.splitlines()) == 1
