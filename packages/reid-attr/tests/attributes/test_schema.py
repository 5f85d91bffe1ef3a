"""Schemas: those of the published sets fit their tables, one's own survive a round trip."""

from pathlib import Path

import numpy as np
import pytest

from reid_attr import Group, Schema, list_schemas, load_schema, save_schema, schema_of_set
from reid_data import Attributes, load_attributes, synthesize
from reid_data.attribute_sets.upar import UPAR_NAMES

SIZES = {
    "duke": 23,
    "market": 30,
    "native37": 37,
    "native46": 46,
    "pa100k": 26,
    "peta": 35,
    "rap1": 51,
    "rap2": 54,
    "upar": 40,
}


def test_published_schemas_have_the_published_sizes() -> None:
    assert {name: len(load_schema(name)) for name in list_schemas()} == SIZES
    assert load_schema("upar").names == UPAR_NAMES
    assert len(load_schema("upar").groups) == 12


@pytest.mark.parametrize(
    ("layout", "schema"),
    [
        ("upar", "upar"),
        ("native:form=csv", "native46"),
        ("pa100k", "pa100k"),
        ("peta", "peta"),
        ("rap:version=v1", "rap1"),
        ("rap:version=v2", "rap2"),
        ("market1501:attributes=true", "market"),
        ("dukemtmc_reid:attributes=true", "duke"),
    ],
)
def test_a_schema_fits_the_table_of_its_set(tmp_path: Path, layout: str, schema: str) -> None:
    synthesize(
        tmp_path,
        layout=layout,
        identities=2,
        test_identities=2,
        cameras=2,
        images_per_camera=1,
        height=32,
        width=16,
    )
    readers = {"rap1": "rap1", "rap2": "rap2", "native46": "native"}
    readers |= {"market": "market_attributes", "duke": "duke_attributes"}
    reader = readers.get(schema, schema)
    table = load_schema(schema).values_of(load_attributes(reader, tmp_path))
    assert table.names == load_schema(schema).names
    if schema != "native46":
        assert schema_of_set(reader) == schema


TINY = Schema(
    "tiny",
    (
        Group("age", ("young", "adult"), "one"),
        Group("glasses", ("clear", "dark"), "at-most-one"),
        Group("hat", ("hat",), otherwise="bare-headed"),
    ),
)


def test_values_come_in_order_and_an_empty_group_that_needs_one_is_unknown() -> None:
    values = np.array([[1, 0, 0, 0, 1], [0, 0, 1, 0, 0]], dtype=np.int8)
    table = Attributes(("hat", "extra", "adult", "young", "clear"), values, ("a", "b"))
    with pytest.raises(ValueError, match=r"1 of the 5 attributes of schema tiny .*: dark; it has"):
        TINY.values_of(table)
    whole = Attributes(
        (*table.names, "dark"), np.pad(values, ((0, 0), (0, 1))), table.keys, partitions={"x": [1]}
    )
    found = TINY.values_of(whole)
    assert found.values.tolist() == [[-1, -1, 1, 0, 1], [0, 1, 0, 0, 0]]
    assert list(found.partitions) == ["x"]
    assert whole.values[0].tolist() == [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("ending", ["yaml", "csv"])
def test_a_schema_of_ones_own_survives_a_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"tiny.{ending}"
    save_schema(TINY, path)
    assert load_schema(path) == TINY


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "groups: [{name: x, attributes: [a], kinds: one}]", "did you mean 'kind'"),
        ("a.yaml", "groups: [{name: x, attributes: [a, b], kind: two}]", "must be one of any, one"),
        ("a.yaml", "groups: [{name: x, attributes: [a], kind: one}]", "none to exclude"),
        ("a.yaml", "groups: [{name: x, attributes: [a, A]}]", "comes twice"),
        ("a.yaml", "groups: [", "cannot be read"),
        ("a.yaml", "- 3", "expected a schema with the keys"),
        ("a.csv", "attribute,kind\nhat,any\n", "expected the columns attribute, group"),
        ("a.csv", "attribute,group,kind\na,x,one\nb,x,any\n", "line 3: group x has two kinds"),
    ],
)
def test_a_broken_schema_says_why(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        load_schema(tmp_path / name)


def test_unknown_names_say_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean pa100k"):
        load_schema("pa100")
    with pytest.raises(ValueError, match="did you mean Accessory-Backpack"):
        load_schema("upar").column("backpack")
    with pytest.raises(ValueError, match="there are: age, glasses, hat"):
        TINY.columns("shoes")
    with pytest.raises(ValueError, match="5 attributes, came 4 columns"):
        TINY.check_columns(4)
