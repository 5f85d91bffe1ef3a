"""The verbs one after another, as a user runs them, and what they refuse."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from reid_attr import load_schema
from reid_attr.cli import app
from reid_data import synthesize
from reid_data.datasets import from_images
from reid_eval import embed, load_embedder
from reid_eval.gallery import Gallery
from reid_eval.gallery.incoming import gallery_table

SETTINGS = (
    "data.image_size=[64,32]",
    "data.batch_size=8",
    "data.validation=0.3",
    "data.people='_(\\d+)\\.jpg'",
    "model.name=test_convnext",
    "schedule.epochs=2",
    "schedule.warmup_epochs=0",
    "precision=fp32",
)


def run(*arguments: object) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upar")
    synthesize(
        folder,
        layout="upar",
        identities=10,
        test_identities=4,
        cameras=2,
        images_per_camera=2,
        height=32,
        width=16,
    )
    return folder


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "run"
    settings = [word for each in SETTINGS for word in ("--set", each)]
    found = run("train", *data(root), "--out", out, *settings)
    assert (found["epochs"], found["folder"]) == (2, str(out))
    return out


def data(root: Path) -> tuple[object, ...]:
    return ("--data", "upar", "--root", root, "--device", "cpu", "--json")


def test_training_says_what_learns(tmp_path: Path, root: Path, trained: Path) -> None:
    settings = [word for each in SETTINGS for word in ("--set", each)]
    more = ("--init-from", trained, "--finetune", "head")
    result = CliRunner().invoke(
        app,
        [str(a) for a in ("train", *data(root), "--out", tmp_path / "t", *settings, *more)],
        catch_exceptions=False,
    )
    lines = result.stderr.splitlines()
    head = next(line for line in lines if line.startswith("head:"))
    assert "trunks: 0 of " in result.stderr
    assert head.split()[1] == head.split()[3] != "0"


def test_a_test_is_printed_drawn_and_written(tmp_path: Path, root: Path, trained: Path) -> None:
    measured = ("test", "--model", trained, *data(root), "--part", "validation")
    found = run(*measured, "--out", tmp_path, "--plots")
    about = json.loads((trained / "model.json").read_text())
    assert found["overall"]["mA"] == pytest.approx(about["metadata"]["validation"]["mA"], abs=1e-5)
    assert found["intervals"]["mA"]["low"] < found["overall"]["mA"]
    for name in ("report.json", "attributes.csv", "attributes.png", "calibration.png"):
        assert (tmp_path / name).stat().st_size > 0
    assert pd.read_csv(tmp_path / "attributes.csv")["attribute"].tolist() == list(
        load_schema("upar").names
    )
    better = run(*measured, "--choose-thresholds", "mA", "--keep-thresholds")
    assert better["overall"]["mA"] > found["overall"]["mA"]
    again = run(*measured)
    assert again["overall"] == better["overall"]
    assert again["thresholds"] == better["thresholds"]
    # A published table of other people is the test.
    table = root / "phase1" / "test" / "test.csv"
    other = ("--data", "upar", "--root", table, "--images", root, "--part", "all", "--json")
    assert run("test", "--model", trained, *other)["images"] == 16


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_predictions_of_folders_and_data_sets_agree(
    tmp_path: Path, root: Path, trained: Path, ending: str
) -> None:
    names, out = list(load_schema("upar").names), tmp_path / f"out{ending}"
    read = pd.read_csv if ending == ".csv" else pd.read_parquet
    options = ("--model", trained, "--out", out, "--device", "cpu", "--json")
    run("predict", root / "Market1501", *options)
    folder = read(out).set_index("path")
    assert set(folder["group:age"]) <= {"Age-Young", "Age-Adult", "Age-Old"}
    assert folder[names].to_numpy().min() >= 0
    assert folder[names].to_numpy().max() <= 1
    assert run("predict", *options, "--data", "upar", "--root", root)["images"] == 40
    whole = read(out).set_index("path")
    market = whole[whole.index.str.startswith("Market1501/")]
    market.index = market.index.str.removeprefix("Market1501/")
    both = folder.index.intersection(market.index)
    assert len(both) == len(market) > 0
    assert np.allclose(folder.loc[both, names], market.loc[both, names], atol=2e-6)
    listed, plain = tmp_path / "list.csv", tmp_path / "plain.csv"
    listed.write_text("# image\n" + "\n".join(whole.index[:3]) + "\n")
    assert run("predict", listed, *options, "--images", root, "--submission", plain)["images"] == 3
    upar = pd.read_csv(plain)
    assert upar.columns.tolist() == ["# image", *names]
    assert np.allclose(upar[names], whole.iloc[:3][names], atol=2e-6)
    one = min((root / "Market1501").rglob("*.jpg"))
    assert run("predict", one, *options)["images"] == 1


def test_people_are_found_by_words_numbers_and_tables(
    tmp_path: Path, root: Path, trained: Path
) -> None:
    names, folder = load_schema("upar").names, root / "Market1501"
    table = tmp_path / "predictions.csv"
    run("predict", folder, "--model", trained, "--out", table, "--json")
    options = ("--model", trained, "--top-k", 3, "--json")
    words = run("retrieve", "female, upper red", folder, *options)["answers"]
    vector = ["?"] * len(names)
    vector[names.index("Gender-Female")] = vector[names.index("UpperBody-Color-Red")] = "1"
    again = run("retrieve", ",".join(vector), table, *options)["answers"]
    assert [answer["path"] for answer in words] == [answer["path"] for answer in again]
    found = pd.read_csv(table).set_index("path")[["Gender-Female", "UpperBody-Color-Red"]]
    best = (1 - found).mean(axis=1).sort_values(kind="stable")
    assert [answer["distance"] for answer in words] == pytest.approx(best.head(3), abs=1e-5)
    queries, answers = tmp_path / "q.csv", tmp_path / "answers.csv"
    queries.write_text("name,Gender-Female\nwomen,1\nmen,0\n")
    submission = tmp_path / "s.csv"
    listed = tmp_path / "list.csv"
    listed.write_text("\n".join(found.index[:5]) + "\n")
    few = run("retrieve", "female", listed, *options, "--images", folder)["answers"]
    assert {answer["path"] for answer in few} <= set(found.index[:5])
    run("retrieve", queries, table, *options, "--out", answers, "--submission", submission)
    listed = pd.read_csv(answers)
    assert listed["query"].tolist() == ["women"] * 3 + ["men"] * 3
    assert listed["rank"].tolist() == [1, 2, 3] * 2
    assert pd.read_csv(submission, index_col=0).shape == (2, len(found))


def test_a_data_set_measures_the_retrieval(root: Path, trained: Path) -> None:
    found = run("retrieve", "every", "--model", trained, *data(root), "--part", "all")["figures"]
    assert found["images"] == 40
    assert found["skipped"] == 0
    assert 0 < found["mAP"] <= 1
    assert found["R1"] <= found["R10"]
    some = run("retrieve", "female", "--model", trained, *data(root), "--part", "validation")
    assert some["figures"]["queries"] == 1


def test_embeddings_and_galleries_of_the_model_answer_as_images_do(
    tmp_path: Path, root: Path, trained: Path
) -> None:
    folder = root / "Market1501"
    options = ("--model", trained, "--top-k", 3, "--device", "cpu", "--json")
    by_images = run("retrieve", "male", folder, *options)["answers"]
    records = from_images(folder, pids="optional")
    embeddings = embed(load_embedder(trained, device="cpu"), records, workers=0)
    embeddings.save(tmp_path / "embeddings")
    with Gallery.create(
        tmp_path / "gallery", dimension=embeddings.dimension, model=embeddings.meta
    ) as gallery:
        gallery.add(embeddings.features, gallery_table(embeddings), model=embeddings.meta)
    for where in ((tmp_path / "embeddings",), ("--gallery", tmp_path / "gallery")):
        found = run("retrieve", "male", *where, *options)["answers"]
        for one, other in zip(found, by_images, strict=True):
            assert one["path"].endswith(other["path"])
            assert one["distance"] == pytest.approx(other["distance"], abs=1e-4)


WHERE = ("retrieve", "female", "--model", "{run}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "--model", "{run}", "--out", "x.csv"), "name an image or a folder"),
        (("predict", "{root}", "--model", "{run}", "--out", "x.txt"), "csv or .parquet"),
        (("predict", "{root}", "--model", "{root}", "--out", "x.csv"), "no checkpoint"),
        (("predict", "nowhere", "--model", "{run}", "--out", "x.csv"), "does not exist"),
        (("predict", "--data", "upar", "--model", "{run}", "--out", "x.csv"), "needs --root"),
        (("predict", "{root}/records.csv", "--model", "{run}", "--out", "x.csv", "--images",
          "{run}"), "are not there, first"),
        (WHERE, "say where to look"),
        ((*WHERE, "{root}", "--gallery", "{root}"), "say where to look, once"),
        ((*WHERE, "{root}", "--distance", "far"), "absolute, euclidean or likelihood"),
        (("retrieve", "bakpack", "{root}", "--model", "{run}"), "mean Accessory-Backpack"),
        (("retrieve", "every", "{root}", "--model", "{run}"), "images of --data"),
        (("retrieve", "1,0", "{root}", "--model", "{run}"), "needs 40 of them"),
        (
            ("retrieve", "female", "{root}/phase1/test/test.csv", "--model", "{run}"),
            "it lacks path",
        ),
        (("test", "--model", "{run}", "--data", "upar", "--root", "{root}"), "no part test"),
        (
            ("test", "--model", "{run}", "--data", "upar", "--root", "{root}", "--plots"),
            "--plots needs --out",
        ),
        (
            ("test", "--model", "{run}", "--data", "upar", "--root", "{root}", "--part", "tst"),
            "--part must be one of",
        ),
        (
            ("test", "--model", "{run}", "--data", "upar", "--root", "{root}",
             "--keep-thresholds"),
            "needs --choose-thresholds",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(
    root: Path, trained: Path, arguments: tuple[str, ...], message: str
) -> None:
    words = [word.format(run=trained, root=root) for word in arguments]
    with pytest.raises(ValueError, match=message):
        CliRunner().invoke(app, words, catch_exceptions=False)


def test_a_table_of_other_attributes_is_refused_with_their_names(
    tmp_path: Path, root: Path, trained: Path
) -> None:
    table = root / "phase1" / "train" / "train.csv"
    lines = table.read_text().replace("Accessory-Hat", "Accessory-Crown")
    (tmp_path / "train.csv").write_text(lines)
    words = ["test", "--model", trained, "--data", "upar", "--root", tmp_path / "train.csv"]
    with pytest.raises(ValueError, match="Accessory-Hat"):
        CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
