"""From a data set and a generated set to a purified one, on the command line."""

import json
from pathlib import Path

import pytest
import torch

from reid_data import load_dataset, synthesize
from reid_gen.cli import app
from reid_gen.manifest import read_manifest, write_manifest
from reid_gen.purifying import load_gcn, load_graph


def run(*words: object) -> None:
    app([str(word) for word in words], standalone_mode=False)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Market-1501 of made-up people, and a generated set: real images, half of them mislabelled."""
    folder = tmp_path_factory.mktemp("world")
    synthesize(folder / "data", identities=12, images_per_camera=2, cameras=3, seed=0)
    records = load_dataset("market1501", folder / "data").split("train")
    table = records.table.iloc[::4].reset_index(drop=True)
    (folder / "fakes").mkdir()
    for row, path in enumerate(table["path"]):
        (folder / "fakes" / f"{row}.jpg").write_bytes((records.root / path).read_bytes())
    table["file"] = [f"{row}.jpg" for row in range(len(table))]
    wrong = table.index % 2 == 1
    table["pid"] = table["pid"].where(~wrong, table["pid"] % 12 + 1)
    write_manifest(table[["file", "pid", "camid"]].assign(wrong=wrong), folder / "fakes")
    return folder


def graph(world: Path, out: Path, *more: object) -> None:
    data = ("--data", "market1501", "--root", world / "data", "--neighbours", 16)
    run("graph", *data, "--model", "looks:colours", "--device", "cpu", "--out", out, *more)


def test_a_generated_set_is_a_data_set(world: Path) -> None:
    records = load_dataset("csv", world / "fakes" / "records.csv")
    manifest = read_manifest(world / "fakes")
    assert records.pids.tolist() == manifest["pid"].tolist()
    assert all(path.is_file() for path in records.paths)


def test_folds_from_graph_to_purified_set(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words: list[object] = []
    for fold in (1, 2, 3):
        at = tmp_path / f"graph{fold}"
        graph(world, at, "--generated", world / "fakes", "--fold", f"{fold}/3")
        run(
            *("train-gcn", "--graph", at, "--out", tmp_path / f"gcn{fold}", "--epochs", 2),
            *("--near", 12, "--device", "cpu"),
        )
        words += ["--graph", at, "--gcn", tmp_path / f"gcn{fold}"]
        found, gcn = load_graph(at), load_gcn(tmp_path / f"gcn{fold}")
        judged = set(found.graph.pids[found.generated].tolist())
        assert judged.isdisjoint(gcn.facts["pids"])
        assert judged <= set(found.graph.pids[found.anchors].tolist()) | {-1}
        near = found.graph.neighbours[found.generated]
        assert set(near[near >= 0].tolist()) <= set(found.anchors.tolist())
        planted = (found.embeddings.table["role"] == "planted").to_numpy()
        sources = found.embeddings.table["path"][planted]
        anchors = found.embeddings.table["path"].iloc[found.anchors.numpy()]
        assert set(sources).isdisjoint(anchors)
    capsys.readouterr()
    fakes = ("--generated", world / "fakes", "--device", "cpu")
    run("purify", *fakes, *words, "--out", tmp_path / "kept", "--json")
    said = json.loads(capsys.readouterr().out)
    lines = (tmp_path / "kept" / "decisions.jsonl").read_text().splitlines()
    decisions = [json.loads(line) for line in lines]
    assert len(decisions) == said["images"] == len(read_manifest(world / "fakes"))
    assert sum(row["kept"] for row in decisions) == said["kept"]
    assert all(row["reason"] for row in decisions)
    assert {"s_plus", "s_minus", "wrong"} <= set(decisions[0])
    if said["kept"]:
        records = load_dataset("csv", tmp_path / "kept" / "records.csv")
        assert len(records) == said["kept"]
        assert all(path.is_file() for path in records.paths)
    with pytest.raises(ValueError, match="in no graph"):
        run("purify", *fakes, *words[:4], "--out", tmp_path / "part")
    with pytest.raises(ValueError, match="learned from"):
        run("purify", *fakes, *words[4:6], *words[2:4], "--out", tmp_path / "leak")


def test_without_folds_cosine_drops_wrong_claims(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph(world, tmp_path / "graph", "--generated", world / "fakes")
    run("train-gcn", "--graph", tmp_path / "graph", "--out", tmp_path / "gcn", "--near", 12)
    capsys.readouterr()
    run("test-gcn", "--graph", tmp_path / "graph", "--gcn", tmp_path / "gcn", "--json")
    scores = json.loads(capsys.readouterr().out)
    assert scores["pivots"] == int((load_graph(tmp_path / "graph").graph.is_anchor).sum())
    assert all(0 <= scores[name] <= 1 for name in ("precision", "recall", "auc", "bcubed_f"))
    run(
        *("purify", "--generated", world / "fakes", "--graph", tmp_path / "graph"),
        *("--rule", "confidence", "--threshold", 0.0, "--out", tmp_path / "kept"),
    )
    rows = [json.loads(line) for line in (tmp_path / "kept" / "decisions.jsonl").open()]
    scores = torch.tensor([row["score"] for row in rows])
    wrong = torch.tensor([row["wrong"] for row in rows])
    assert scores[~wrong].median() > scores[wrong].median()
    with pytest.raises(ValueError, match="not an empty folder"):
        run(
            *("purify", "--generated", world / "fakes", "--graph", tmp_path / "graph"),
            *("--rule", "cosine", "--out", tmp_path / "kept"),
        )


def test_bad_input_is_refused_with_what_makes_the_missing_part(world: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    with pytest.raises(ValueError, match="reid-gen generate"):
        graph(world, tmp_path / "g", "--generated", tmp_path / "bare")
    with pytest.raises(ValueError, match="reid-gen graph"):
        run("train-gcn", "--graph", tmp_path / "none", "--out", tmp_path / "gcn")
    with pytest.raises(ValueError, match="one --gcn for each --graph"):
        run("purify", "--generated", world / "fakes", "--graph", "g", "--out", tmp_path / "o")
    with pytest.raises(ValueError, match="written like 1/3"):
        graph(world, tmp_path / "g", "--fold", "2")


def test_extractor_lessons_are_the_other_folds(world: Path, tmp_path: Path) -> None:
    file = world / "extractor.csv"
    graph(world, tmp_path / "unused", "--fold", "1/3", "--write-folds", file)
    lessons = load_dataset("csv", file)
    assert all(path.is_file() for path in lessons.paths)
    graph(world, tmp_path / "graph", "--fold", "1/3")
    inside = set(load_graph(tmp_path / "graph").graph.pids.tolist())
    assert inside.isdisjoint(lessons.pids.tolist())
    with pytest.raises(ValueError, match="or above"):
        graph(world, tmp_path / "g", "--fold", "1/3", "--write-folds", tmp_path / "x.csv")
