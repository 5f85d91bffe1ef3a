"""Attribute sets are written by `reid-data synth` and read as the people were drawn."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reid_data import Attributes, cli, load_dataset
from reid_data.attribute_sets.identity_attributes import (
    read_duke_attributes,
    read_market_attributes,
)
from reid_data.attribute_sets.native_sharif import read_native, trained_names
from reid_data.attribute_sets.pa100k import read_pa100k
from reid_data.attribute_sets.peta import read_peta
from reid_data.attribute_sets.rap import read_rap
from reid_data.attribute_sets.shared_pickle import read_attribute_pickle
from reid_data.attribute_sets.upar import UPAR_NAMES, read_upar
from reid_data.console import run
from reid_data.synth import Person, sample_person
from reid_data.synth.layouts import published_names
from reid_data.synth.upar import attributes_of

Drawn = Callable[..., Path]
Fact = Callable[[Person], bool]

TRAIN, VAL, TEST = 4 * 4 * 2, 3 * 4, 3 * 4 * 2
"""Images of the small data sets: 4 and 3 people, 4 cameras, 2 images and a query."""


def people_of(root: Path, attributes: Attributes) -> list[Person]:
    """Who was drawn in each row's image."""
    table = load_dataset("csv", root / "records.csv").table.set_index("path")
    rows = table.loc[list(attributes.keys)]
    return [
        sample_person(pid, seed=0, outfit=outfit)
        for pid, outfit in zip(rows["pid"], rows["clothes_id"], strict=True)
    ]


def assert_true_of(people: list[Person], attributes: Attributes, facts: dict[str, Fact]) -> None:
    for name, fact in facts.items():
        said = attributes.select([name]).values[:, 0].tolist()
        assert said == [int(fact(person)) for person in people], name


def sizes(attributes: Attributes) -> dict[str, int]:
    return {name: len(rows) for name, rows in attributes.partitions.items()}


def test_pa100k(drawn: Drawn) -> None:
    root = drawn("pa100k")
    read = read_pa100k(root)
    assert len(read.names) == 26
    assert sizes(read) == {"train": TRAIN, "val": VAL, "test": TEST}
    facts: dict[str, Fact] = {
        "Female": lambda person: person.body.female,
        "AgeOver60": lambda person: person.body.age == "old",
        "Backpack": lambda person: person.outfit.bag == "backpack",
        "ShortSleeve": lambda person: person.outfit.upper_kind in ("tshirt", "sleeveless"),
        "UpperPlaid": lambda person: person.outfit.upper.pattern == "check",
        "Shorts": lambda person: person.outfit.lower_kind == "shorts",
        "boots": lambda person: person.outfit.boots,
    }
    assert_true_of(people_of(root, read), read, facts)
    assert set(read.select(["Front", "Side", "Back"]).values.ravel()) == {-1}


def test_peta(drawn: Drawn) -> None:
    root = drawn("peta")
    read = read_peta(root)
    assert list(read.names) == list(published_names.PETA)[:35]
    assert sizes(read) == {"train": TRAIN, "val": VAL, "test": TEST}
    facts: dict[str, Fact] = {
        "personalMale": lambda person: not person.body.female,
        "carryingNothing": lambda person: person.outfit.bag == "none",
        "lowerBodyTrousers": lambda person: person.outfit.lower_kind == "trousers",
    }
    people = people_of(root, read)
    assert_true_of(people, read, facts)
    every = read_peta(root, attributes="all", split=4)
    assert sizes(every) == sizes(read)
    assert every.partitions["train"].tolist() != read.partitions["train"].tolist()
    colours: dict[str, Fact] = {"upperBodyRed": lambda p: p.outfit.upper.name == "red"}
    assert_true_of(people, every, colours)


@pytest.mark.parametrize(
    ("version", "judged", "parts"),
    [("v1", 51, {"train": TRAIN + VAL, "test": TEST}),
     ("v2", 54, {"train": TRAIN, "val": VAL, "test": TEST})],
)  # fmt: skip
def test_rap(drawn: Drawn, version: str, judged: int, parts: dict[str, int]) -> None:
    root = drawn(f"rap:version={version}")
    read = read_rap(root)
    assert len(read.names) == judged
    assert sizes(read) == parts
    assert len(read_rap(root, attributes="all", split=4).names) == judged + 22
    female = "Female" if version == "v1" else "Femal"
    assert_true_of(people_of(root, read), read, {female: lambda person: person.body.female})
    assert set(read.select(["BodyNormal"]).values.ravel()) == {-1}


@pytest.mark.parametrize("header", ["published", "copied"])
def test_upar(drawn: Drawn, header: str) -> None:
    root = drawn(f"upar:header={header}")
    tables = {
        "train/train.csv": TRAIN,
        "val_task1/val.csv": VAL,
        "test/test.csv": TEST,
    }
    for name, count in tables.items():
        read = read_upar(root / "phase1" / name)
        assert read.names == UPAR_NAMES
        assert len(read) == count
        for person, row in zip(people_of(root, read), read.values.tolist(), strict=True):
            assert dict(zip(UPAR_NAMES, row, strict=True)) == attributes_of(person)
    first = (root / "phase1" / "train" / "train.csv").read_text().split(",")[:2]
    assert first == (["", "# Age-Young"] if header == "copied" else ["# image", "Age-Young"])


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_native(drawn: Drawn, form: str) -> None:
    root = drawn(f"native:form={form}")
    read = read_native(root / f"refined_Native_dataset.{form}")
    assert len(read) == TRAIN + VAL + TEST
    assert len(read.names) == 46
    trained = trained_names(read)
    assert [name.lower() for name in trained] == [
        name.strip("/").lower() for name in published_names.NATIVE
    ]
    paths = tuple(f"images/{key}.jpg" for key in read.keys)
    people = people_of(root, Attributes(read.names, read.values, paths))
    shared = [
        name for name in UPAR_NAMES if "LowerBody-T" not in name and "LowerBody-L" not in name
    ]
    assert len(shared) == len(trained) == 37
    said = read.select(trained).values.tolist()
    assert said == [[attributes_of(person)[name] for name in shared] for person in people]
    assert set(read.notes["quality"]) == {"high", "normal", "low"}
    assert load_dataset("csv", root / "records.csv").table["path"].isin(paths).all()


def test_the_shared_pickle(drawn: Drawn) -> None:
    root = drawn("dataset_all")
    read = read_attribute_pickle(root / "dataset_all.pkl", folder="data")
    assert list(read.names) == list(published_names.PA100K)[::-1]
    assert sizes(read) == {"train": TRAIN, "val": VAL, "test": TEST, "trainval": TRAIN + VAL}
    assert_true_of(people_of(root, read), read, {"Female": lambda person: person.body.female})
    other = read_attribute_pickle(root / "dataset_all.pkl", attributes="extra", split=1)
    assert other.names == ("Female", "Hat")
    assert other.partitions["test"].tolist() != read.partitions["test"].tolist()


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        ("pa100k", "pa100k"),
        ("peta", "peta:split=4"),
        ("rap:version=v1", "rap1"),
        ("rap:version=v2", "rap2"),
        ("upar:header=copied", "upar"),
        ("native:form=xlsx", "native"),
        ("dataset_all", "dataset_all"),
        ("market1501:attributes=true", "market_attributes"),
        ("dukemtmc_reid:attributes=true", "duke_attributes"),
    ],
)
def test_the_command_line_reads_it(
    drawn: Drawn,
    layout: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for verb, *further in (["info"], ["check", "--no-counts", "--workers", "0"]):
        arguments = ["reid-data", verb, "--data", name, "--root", str(drawn(layout)), "--json"]
        monkeypatch.setattr(sys, "argv", [*arguments, *further])
        with pytest.raises(SystemExit) as end:
            run(cli.app)
        out = capsys.readouterr()
        assert end.value.code == 0, out.err
        assert json.loads(out.out)


@pytest.mark.parametrize(
    ("layout", "read_attributes", "count"),
    [("market1501", read_market_attributes, 30), ("dukemtmc_reid", read_duke_attributes, 23)],
)
def test_attributes_of_people(
    drawn: Drawn, layout: str, read_attributes: Callable[[Path], Attributes], count: int
) -> None:
    root = drawn(f"{layout}:attributes=true", outfits=1)
    stem = layout.partition("mtmc")[0].removesuffix("1501")
    read = read_attributes(root / f"{stem}_attribute.mat")
    assert len(read.names) == count
    assert sizes(read) == {"train": 4, "test": 3}
    people = [sample_person(int(pid), seed=0) for pid in read.keys]
    facts: dict[str, Fact] = {
        "gender": lambda person: person.body.female,
        "hat": lambda person: person.outfit.hat != "none",
        "handbag": lambda person: person.outfit.bag == "hand",
        "upblack": lambda person: person.outfit.upper.name == "black",
        "downgray": lambda person: person.outfit.lower.name == "grey",
    }
    assert_true_of(people, read, facts)
    if layout == "market1501":
        assert read.select(["age-old"]).values[:, 0].tolist() == [
            int(person.body.age == "old") for person in people
        ]
    records = load_dataset(layout, root).split("train", "query", "gallery")
    women = read.of(records)[:, read.names.index("gender")].tolist()
    assert women == [sample_person(pid, seed=0).body.female for pid in records.pids.tolist()]
