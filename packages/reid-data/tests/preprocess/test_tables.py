"""Published tables: read as they are, written back byte for byte."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reid_data.images import UnreadableImagesError
from reid_data.preprocess import genders, sizes
from reid_data.preprocess.naming import category, check_naming, file_name, image_id, qualified_id
from reid_data.preprocess.published import Style, read_names, read_raw, write_names, write_raw
from reid_data.records import Records

LTCC = b"Category,ID,Gender\ntrain,127,1\ntrain,000,1\n"


@pytest.mark.parametrize(
    "content",
    [
        LTCC,
        LTCC + b"\n",  # Celeb-reID ends in a blank line.
        LTCC.replace(b"\n", b"\r\n"),
        LTCC.rstrip(b"\n"),
        b"\xef\xbb\xbf" + LTCC,
        LTCC.split(b"\n", 1)[1],
        b"\n" + LTCC + b"  \n,,\n",
        LTCC.replace(b"Category,ID,Gender", b"category, id ,GENDER"),
        b"Category,ID,Gender\ntrain,p0003,1\ntrain,p0004,0\n",
        b"Category,ID,Gender\n",
    ],
)
def test_gender_tables_are_written_back_in_the_same_bytes(content, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    table = genders.read_genders(tmp_path / "a.csv")
    genders.write_genders(table, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == content
    if b"127" in content:
        assert table.categories == ("train", "train")
        assert table.ids == ("127", "000")
        assert table.numbers.tolist() == [127, 0]
        assert table.genders.tolist() == [1, 1]
    if b"p0003" in content:
        assert table.numbers.tolist() == [3, 4]


def test_blanks_around_cells_are_forgiven(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"Category,ID,Gender\n train , 127,1 \n")
    assert genders.read_genders(tmp_path / "a.csv").ids == ("127",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Category,ID,Gender\ntrain,127\n", "line 2: expected 3 cells, came 2"),
        (b"\n\ntrain,127,2\n", "line 3: gender must be 0 or 1"),
        (b"train,one,1\n", "line 1: expected an id like 000 or p0003, came 'one'"),
        (b"Name,ID,Gender\ntrain,1,1\n", "line 1: expected an id .* came 'ID'"),
        (b"train,7,1\ntrain,007,0\n", "line 2: identity 007 has two genders"),
        (b"train,\xff,1\n", "not UTF-8"),
        (b'train,"7,1\n', "not a CSV table|cell of several lines"),
    ],
)
def test_malformed_gender_tables_name_the_line(content, words, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ValueError, match=words):
        genders.read_genders(tmp_path / "a.csv")


def test_a_missing_table_is_named(tmp_path):
    for read in (genders.read_genders, sizes.read_sizes, read_names):
        with pytest.raises(ValueError, match="there is no such file"):
            read(tmp_path / "none.csv")


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(data)
    for read in (genders.read_genders, sizes.read_sizes, read_names):
        try:
            read(path)
        except ValueError:
            continue


CELLS = st.lists(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x00"))
        .map(str.strip)
        .filter(bool),
        min_size=2,
        max_size=2,
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(
    rows=CELLS,
    newline=st.sampled_from(["\n", "\r\n"]),
    ends=st.booleans(),
    mark=st.booleans(),
    header=st.booleans(),
    blanks=st.sets(st.integers(0, 4)),
)
def test_what_was_written_is_read_and_written_again(
    tmp_path_factory, rows, newline, ends, mark, header, blanks
):
    rows = [row for row in rows if any(cell.strip(" \t,") for cell in row)]
    style = Style(
        ("Category", "ID") if header else None,
        newline,
        tuple((line, "") for line in sorted(blanks) if line <= len(rows)),
        ends=ends or not rows,
        mark=mark,
    )
    folder = tmp_path_factory.mktemp("again")
    write_raw(folder / "a.csv", rows, style=style)
    table = read_raw(folder / "a.csv", headers=[("Category", "ID")], columns=2)
    if header or [cell.lower() for cell in (rows or [[""]])[0]] != ["category", "id"]:
        assert table.rows == rows
    write_raw(folder / "b.csv", table.rows, style=table.style)
    assert (folder / "b.csv").read_bytes() == (folder / "a.csv").read_bytes()


def test_gender_tables_are_made_and_looked_up(tmp_path):
    table = genders.gender_table(
        np.array([3, 12, 5]), np.array([1, -1, 0]), category="train", digits=4, prefix="p"
    )
    genders.write_genders(table, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == (
        b"Category,ID,Gender\ntrain,p0003,1\ntrain,p0005,0\n"
    )
    frame = pd.DataFrame({"path": ["a", "b", "c", "d"], "pid": [5, 12, 3, 5], "split": "train"})
    records = Records(frame, tmp_path)
    assert genders.genders_of(records, table).tolist() == [0, -1, 1, 0]
    # Market's table counts the training identities: 3 -> 0, 5 -> 1, 12 -> 2.
    market = genders.gender_table(np.arange(3), np.array([1, 0, 1]), category="train")
    found = genders.genders_of(records, market, numbering="label")
    assert found.tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match="occurs twice"):
        genders.gender_table(np.array([3, 3]), np.array([1, 1]), category="train")


SIZES = (
    b"Category,Image,<32,32-64,64-128,128-256,>256\n"
    b"query,001_1_c11_015833.png,0,0,0,0,1\n"
    b"train,092/A_cropped_rgb001.jpg,0,0,1,0,0\n"
)


@pytest.mark.parametrize("content", [SIZES, SIZES.split(b"\n", 1)[1], SIZES + b"\n"])
def test_size_tables_are_written_back_in_the_same_bytes(content, tmp_path):
    (tmp_path / "a.csv").write_bytes(content)
    table = sizes.read_sizes(tmp_path / "a.csv")
    assert table.buckets.tolist() == [4, 2]
    assert table.images == ("001_1_c11_015833.png", "092/A_cropped_rgb001.jpg")
    sizes.write_sizes(table, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == content


@pytest.mark.parametrize(
    "row", [b"0,0,0,0,0", b"0,1,0,1,0", b"0,0,2,0,0", b"0,0,0,1", b"a,0,0,0,1"]
)
def test_rows_that_are_not_one_hot_are_refused(row, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"query,a.png," + row + b"\n")
    with pytest.raises(ValueError, match="line 1: expected"):
        sizes.read_sizes(tmp_path / "a.csv")


def test_buckets_at_their_bounds():
    shorts = [1, 31, 32, 63, 64, 127, 128, 256, 257, 5000]
    both = [[short, 5000] for short in shorts] + [[5000, short] for short in shorts]
    assert sizes.size_buckets(np.array(both)).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] * 2
    assert sizes.size_buckets(np.zeros((0, 2), int)).tolist() == []


@pytest.mark.parametrize("workers", [0, 2])
def test_images_are_measured_without_decoding(tmp_path, workers):
    for name, size in {"train/a.png": (20, 300), "query/b.jpg": (300, 100)}.items():
        (tmp_path / name).parent.mkdir()
        Image.new("RGB", size).save(tmp_path / name)
    # The header alone is enough.
    whole = (tmp_path / "query" / "b.jpg").read_bytes()
    (tmp_path / "query" / "b.jpg").write_bytes(whole[:700])
    frame = pd.DataFrame(
        {"path": ["train/a.png", "query/b.jpg"], "pid": 1, "split": ["train", "query"]}
    )
    records = Records(frame, tmp_path)
    table = sizes.size_table(records, naming="stem", workers=workers)
    assert table.categories == ("train", "query")
    assert table.images == ("a.png", "b.jpg")
    assert table.buckets.tolist() == [0, 2]
    (tmp_path / "train" / "a.png").write_bytes(b"")
    with pytest.raises(UnreadableImagesError, match=r"a\.png"):
        sizes.size_table(records, naming="stem")
    assert sizes.size_table(records, naming="stem", skip_unreadable=True).images == ("b.jpg",)


def test_lists_of_names_with_and_without_header(tmp_path):
    names = ("108_C_cropped_rgb001", "000004_000004_000_00009_0257_01_001", "a/P001/x_rgb.mp4")
    write_names(tmp_path / "a.csv", names)
    assert (tmp_path / "a.csv").read_text().splitlines() == list(names)
    assert read_names(tmp_path / "a.csv") == names
    write_names(tmp_path / "b.csv", names, header="Image")
    assert read_names(tmp_path / "b.csv", header="Image") == names
    (tmp_path / "c.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match="line 1: expected 1 cells, came 2"):
        read_names(tmp_path / "c.csv")


def test_names_follow_the_published_habits():
    prcc = "rgb/test/A/001/cropped_rgb001.jpg"
    assert image_id(prcc, "parent") == "001_cropped_rgb001"
    assert qualified_id(prcc, "parent") == "A/001_cropped_rgb001"
    assert category(prcc, "parent") == "A"
    assert file_name(prcc, "parent") == "001/cropped_rgb001.jpg"
    ltcc = "query/001_1_c11_015833.png"
    assert image_id(ltcc, "stem") == "001_1_c11_015833"
    assert qualified_id(ltcc, "stem") == "query/001_1_c11_015833"
    assert file_name(ltcc, "stem") == "001_1_c11_015833.png"
    assert check_naming("parent") == "parent"
    with pytest.raises(ValueError, match="naming must be one of stem, parent"):
        check_naming("folder")
