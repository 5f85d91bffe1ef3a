"""Queries: in words, as numbers, from files, and those of a data set."""

from pathlib import Path

import numpy as np
import pytest

from reid_attr import Group, Schema, load_schema
from reid_attr.queries import every_query, parse_query, read_queries

SCHEMA = Schema(
    "tiny", (Group("gender", ("female",), otherwise="male"), Group("on", ("hat", "bag")))
)


def test_words_and_numbers_say_the_same() -> None:
    for text in ("female, not hat", "1,0,-1", " 1, 0 , ? "):
        assert parse_query(text, SCHEMA).values.tolist() == [[1, 0, -1]]
    assert parse_query("male", SCHEMA).names == ("male",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,0", "needs 3 of them.*came 2"),
        ("1,0,2", "1, 0 or -1, came '2'"),
        ("-1,-1,-1", "asks for nothing"),
        ("femal", "did you mean female"),
    ],
)
def test_queries_that_cannot_be_read_say_why(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_query(text, SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "# query,bag,female\nfirst,1,\nsecond,0,1\n",
        ",bag,female\nfirst,1,-1\nsecond,0,1\n",
        "bag,female\n1,\n0,1\n",
        "-1,-1,1\n1,-1,0\n",
    ],
)
def test_tables_of_queries_are_read_in_every_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "queries.csv"
    path.write_text(text)
    found = read_queries(path, SCHEMA)
    assert found.values.tolist() == [[-1, -1, 1], [1, -1, 0]]
    assert found.names in (("first", "second"), ("query 1", "query 2"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("name,hat,bagg\na,1,1\n", "'bagg'; did you mean bag"),
        ("name,hat,Hat\na,1,1\n", "twice"),
        ("hat\n", "no query"),
        ("hat,bag\n1\n", "2 columns, but a row of 1"),
        ("hat\nyes\n", "came 'yes'"),
        ("1,0\n", "no header.*needs 3"),
    ],
)
def test_tables_that_cannot_be_read_say_why(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "queries.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_queries(path, SCHEMA)
    with pytest.raises(ValueError, match="cannot be read"):
        read_queries(tmp_path / "none.csv", SCHEMA)


def test_a_table_of_upar_is_a_table_of_queries(tmp_path: Path) -> None:
    upar = load_schema("upar")
    path = tmp_path / "val_queries.csv"
    path.write_text(f"# query,{','.join(upar.names)}\n0,{','.join(['1'] + ['0'] * 39)}\n")
    assert read_queries(path, upar).values.sum() == 1


def test_the_combinations_of_images_are_the_queries_of_the_challenge() -> None:
    truth = np.array([[1, 0, 0], [1, 0, 0], [0, 1, -1], [-1, -1, -1]])
    assert every_query(truth).values.tolist() == [[0, 1, -1], [1, 0, 0]]
