"""``reid-eval test`` by protocols, ``rerank`` and ``fit-st``, from options to figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from reid_eval.cli.fit_st import ClockChoice
from reid_eval.cli.plan import parse_ranks
from reid_eval.clocks import ClockKind, TimedTransitions
from reid_eval.embeddings import Embeddings

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(script: Call, tiny_model: str) -> Call:
    """Run ``reid-eval`` with arguments in the test's folder; gives exit code, stdout and stderr."""

    return partial(script, "reid-eval")


def answer(call: Call, *arguments: object) -> Any:
    code, out, err = call(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


MODEL = ("--model", "tiny_model:embedder", "--workers", 0)


@pytest.fixture
def walks(make: Callable[..., Embeddings]) -> tuple[Path, Path]:
    """Embeddings of people who pass three cameras, with everything a protocol may ask for."""
    rng = np.random.default_rng(0)
    pids = np.repeat(np.arange(1, 13), 6)
    looks = rng.normal(size=(13, 8))

    def folder(name: str, first: int) -> Path:
        camids = np.tile([1, 2, 3, 1, 2, 3], 12)
        made = make(
            looks[pids] + rng.normal(size=(72, 8)), pids.tolist(), camids.tolist(), split=name
        )
        table = made.table.assign(
            path=name + "/" + made.table["path"],
            clothes_id=np.tile([0, 0, 0, 1, 1, 1], 12),
            tracklet=np.arange(72) // 2 * 2 % 3 + np.arange(72) * 3 + first,
            frame=pids * 5000 + camids * 400 + rng.integers(0, 50, 72),
        )
        return Embeddings(made.features, table, made.root, made.meta).save(Path(name))

    return folder("query", 0), folder("gallery", 1000)


def sides(walks: tuple[Path, Path]) -> tuple[object, ...]:
    return ("--query", walks[0], "--gallery", walks[1])


def test_several_protocols_make_one_table(call: Call, market: Path) -> None:
    data = ("--data", "market1501", "--root", market)
    wanted = ("--protocol", "image,centroid", "--ranks", "1,3")
    payload = answer(call, "test", *MODEL, *data, *wanted, "--out", "out")
    assert [each["name"] for each in payload["protocols"]] == ["image", "centroid"]
    assert set(payload["metrics"]) == {"mAP", "Rank-1", "Rank-3", "mINP"}
    # Four people and one distractor are five centroids.
    assert [each["gallery"] for each in payload["protocols"]] == [13, 5]
    saved = json.loads(Path("out/protocols.json").read_text())
    assert [each["name"] for each in saved] == ["image", "centroid"]
    first = json.loads(Path("out/report.json").read_text())
    assert first["queries"]["first_hit_rank"] == saved[0]["trials"][0]["queries"]["first_hit_rank"]
    assert Path("out/report.html").is_file()
    code, out, err = call("test", *MODEL, *data, *wanted)
    assert code == 0
    assert [line for line in out.splitlines() if "image" in line and "centroid" in line]
    assert [line for line in out.splitlines() if "Rank-3" in line and line.count("100.0%") == 2]
    assert "is published" not in err


@pytest.mark.parametrize(
    "words",
    [
        ("--protocol", "centroid"),
        ("--protocol", "cloth-changing"),
        ("--protocol", "tracklet"),
        ("--rerank", "k-reciprocal"),
        ("--rerank", "dba,aqe"),
    ],
)
def test_every_protocol_and_re_ranking_has_its_page(
    call: Call, walks: tuple[Path, Path], words: tuple[str, ...]
) -> None:
    code, _, err = call("test", *sides(walks), *words, "--out", "out")
    assert code == 0, err
    assert "same person" in Path("out/report.html").read_text()
    assert json.loads(Path("out/report.json").read_text())["valid"] == 72


@pytest.mark.parametrize(
    ("protocol", "queries"),
    [
        ("none", 72),
        ("tracklet", 72),
        ("cloth-changing:shots=single,trials=3", 72),
        ("vehicleid:trials=3", 132),
        ("cuhk03-classic:trials=2", 144),
        ("reassociation:gap=200", 36),
    ],
)
def test_every_protocol_from_the_command_line(
    call: Call, walks: tuple[Path, Path], protocol: str, queries: int
) -> None:
    payload = answer(call, "test", *sides(walks), "--protocol", protocol)
    assert payload["queries"] == queries
    assert 0.1 < payload["metrics"]["mAP"] <= 1
    facts = payload["protocols"][0]
    assert (facts["summary"][0]["deviation"] is None) == (facts["trials"] == 1)
    if facts["trials"] > 1:
        assert "±" in call("test", *sides(walks), "--protocol", protocol)[1]


def test_a_data_set_is_measured_by_its_own_protocol(
    call: Call, tmp_path: Path, write_picture: Callable[..., Path]
) -> None:
    for side, clothes, camera in (("train", 1, 1), ("query", 1, 1), ("test", 1, 2), ("test", 2, 3)):
        for pid in (1, 2, 3):
            name = f"{pid:03d}_{clothes}_c{camera}_00000{pid}.png"
            write_picture(tmp_path / "ltcc" / side / name, pid, noise=10 * camera + clothes)
    data = ("--data", "ltcc", "--root", tmp_path / "ltcc")
    code, out, err = call("test", *MODEL, *data)
    assert code == 0, err
    assert "measured as ltcc is published: standard, same-clothes, cloth-changing" in err
    assert "cloth-changing" in out
    payload = answer(call, "test", *MODEL, *data, "--protocol", "image")
    assert [each["name"] for each in payload["protocols"]] == ["image"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--protocol", "centroids"), "did you mean centroid?"),
        (("--protocol", "cloth-changing"), "needs clothes_id for every image; 4 of 4 query"),
        (("--protocol", "tracklet"), "needs tracklet for every image"),
        (("--ranks", "1,none"), "--ranks must be whole numbers"),
        (("--rerank", "k-reciprokal"), "did you mean k-reciprocal?"),
        (("--rerank", "gnn", "--metric", "euclidean"), "works on cosine"),
        (("--rerank-set", "k1=3"), "no re-ranking has no setting"),
        (("--st", "no.npz"), "no.npz"),
    ],
)
def test_impossible_wishes_are_refused_before_anything_is_embedded(
    call: Call, market: Path, arguments: tuple[str, ...], said: str
) -> None:
    # The model does not exist either, and nobody has noticed.
    code, out, err = call(
        *("test", "--model", "no:model", "--data", "market1501", "--root", market), *arguments
    )
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert "no:model" not in err


def test_re_ranking_a_test_and_re_ranking_lists_agree(call: Call, walks: tuple[Path, Path]) -> None:
    rerank = ("--rerank", "dba,k-reciprocal", "--rerank-set", "k1=8", "--rerank-set", "k2=3")
    tested = answer(call, "test", *sides(walks), *rerank)
    assert tested["protocol"]["rerank"] == [
        "dba:neighbours=5,alpha=0.0",
        "k-reciprocal:k1=8,k2=3,lambda_value=0.3",
    ]
    payload = answer(call, "rerank", *sides(walks), *rerank, "--out", "lists.parquet")
    assert payload["after"] == tested["metrics"]
    assert payload["before"] == answer(call, "test", *sides(walks))["metrics"]
    assert payload["after"] != payload["before"]
    table = pd.read_parquet("lists.parquet")
    assert table.groupby("query").size().max() == 70
    code, out, _ = call("rerank", *sides(walks))
    assert code == 0
    assert "before" in out
    assert Path("reranked.parquet").is_file()


def test_embedding_centroids_leaves_one_row_a_person(call: Call, market: Path) -> None:
    data = ("--data", "market1501", "--root", market, "--split", "gallery")
    images = answer(call, "embed", *MODEL, *data, "--out", "images")
    payload = answer(call, "embed", *MODEL, *data, "--out", "people", "--centroids")
    assert (images["count"], payload["count"]) == (12, 4)
    people, single = Embeddings.load("people"), Embeddings.load("images")
    assert np.load("people/paths.npy").tolist() == ["1", "2", "3", "4"]
    np.testing.assert_allclose(
        people.features[2], single.features[single.pids == 3].mean(axis=0), rtol=1e-5
    )
    assert answer(call, "embed", *MODEL, *data, "--out", "people", "--centroids")["count"] == 4


def test_video_without_queries_is_measured_within_itself(
    call: Call, tmp_path: Path, write_picture: Callable[..., Path]
) -> None:
    rows = [(pid, frame) for pid in (1, 2, 3) for frame in (1, 20, 40)]
    for pid, frame in rows:
        write_picture(tmp_path / f"crops/{pid}_{frame}.png", pid, noise=frame)
    table = pd.DataFrame(rows, columns=["pid", "frame"]).assign(split="val", sequence=0)
    table["path"] = [f"{pid}_{frame}.png" for pid, frame in rows]
    table.to_csv(tmp_path / "crops/records.csv", index=False)
    data = ("--data", "csv", "--root", tmp_path / "crops/records.csv")
    code, out, err = call("test", *MODEL, *data, "--protocol", "reassociation:gap=30")
    assert code == 0, err
    assert "its val images ask and answer" in err
    assert "6 queries, 9 gallery images" in out
    code, _, err = call("test", *MODEL, *data)
    assert code == 2
    assert "no images in split query" in err


def test_rerank_reads_embeddings_only(call: Call, market: Path) -> None:
    code, _, err = call("rerank", "--query", market / "query", "--gallery", market / "query")
    assert code == 2
    assert "no embeddings folder" in err
    assert call("rerank", "--gallery", market)[2].startswith("error: --query is missing")


def csv_of_walks(walks: tuple[Path, Path], path: Path) -> Path:
    tables = [Embeddings.load(side).table for side in walks]
    train = tables[1].assign(split="train", path="train/" + tables[1]["path"])
    pd.concat([train, *tables]).to_csv(path, index=False)
    return path


def test_transitions_are_fitted_saved_and_used(
    call: Call, walks: tuple[Path, Path], tmp_path: Path
) -> None:
    table = csv_of_walks(walks, tmp_path / "walks.csv")
    fit = ("--data", "csv", "--root", table, "--out", "st.npz", "--bin-width", 20, "--bins", 80)
    payload = answer(call, "fit-st", *fit)
    assert (payload["clock"], payload["cameras"], payload["people"]) == ("frames", 3, 12)
    # Everybody goes from 1 to 2 to 3: three pairs of cameras in one direction.
    assert (payload["transitions"], payload["camera pairs"]) == (36, 3)
    assert TimedTransitions.load("st.npz").transitions.bin_width == 20
    fused = answer(call, "test", *sides(walks), "--st", "st.npz", "--fusion", "likelihood")
    plain = answer(call, "test", *sides(walks))
    assert fused["metrics"]["mAP"] > plain["metrics"]["mAP"]
    both = answer(call, "test", *sides(walks), "--st", "st.npz", "--rerank", "k-reciprocal:k1=8")
    assert both["protocol"]["spatial_temporal"].startswith("csv: JointLogistic")
    again = answer(call, "rerank", *sides(walks), "--st", "st.npz", "--rerank-set", "k1=8")
    assert again["after"] == both["metrics"]


def test_market_is_fitted_on_its_sequences(call: Call, market: Path) -> None:
    for camera, frame in ((2, 500), (3, 900)):
        picture = market / "bounding_box_train" / "0101_c1s1_000001_00.jpg"
        copy = picture.with_name(f"0101_c{camera}s2_{frame:06d}_00.jpg")
        copy.write_bytes(picture.read_bytes())
    data = ("--data", "market1501", "--root", market)
    payload = answer(call, "fit-st", *data, "--bins", 20)
    assert payload["clock"] == "cumulative"
    # The recordings' lengths are those of all images: sequence 1 is one frame long.
    assert TimedTransitions.load("transitions.npz").clock.offsets[2, 2] == 1
    assert answer(call, "test", *MODEL, *data, "--st", "transitions.npz")["metrics"]["mAP"] > 0


def test_data_without_time_are_refused(call: Call, market: Path, tmp_path: Path) -> None:
    table = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "pid": 1, "camid": [1, 2], "split": "train"})
    table.to_csv(tmp_path / "still.csv", index=False)
    code, out, err = call("fit-st", "--data", "csv", "--root", tmp_path / "still.csv")
    assert (code, out) == (2, "")
    assert "csv tells no time: transitions need a frame number or timestamp" in err
    assert not Path("transitions.npz").exists()
    code, _, err = call(
        *("fit-st", "--data", "market1501", "--root", market, "--clock", "timestamps")
    )
    assert code == 2
    assert "needs a timestamp for every image" in err


def test_the_clocks_are_those_of_the_library() -> None:
    assert {choice.value for choice in ClockChoice} == {"auto", *get_args(ClockKind)}


def test_ranks_are_whole_numbers() -> None:
    assert parse_ranks("10, 1,5,5") == [1, 5, 10]
    for text in ("", "0", "1.5", "-1", "1,,5"):
        with pytest.raises(ValueError, match="--ranks must be whole numbers"):
            parse_ranks(text)
