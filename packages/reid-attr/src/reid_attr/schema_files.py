"""Schemas by name and from files: those of the published data sets, and one's own."""

from __future__ import annotations

import csv
import difflib
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from reid_attr.schema import Schema
from reid_data.console import one_line
from reid_data.files import replacing

__all__ = ["list_schemas", "load_schema", "save_schema", "schema_of_set"]

_OF_SETS = {"native": "native37", "market_attributes": "market", "duke_attributes": "duke"}


def list_schemas() -> list[str]:
    """Names of the schemas that come with the package, sorted."""
    folder = files("reid_attr") / "schemas"
    return sorted(Path(entry.name).stem for entry in folder.iterdir())


def schema_of_set(name: str) -> str | None:
    """The schema of a published attribute set (`reid_data.list_attribute_sets`), if it has one."""
    plain = name.partition(":")[0]
    found = _OF_SETS.get(plain, plain)
    return found if found in list_schemas() else None


def load_schema(name_or_path: str | Path) -> Schema:
    """A schema by name, or from a ``.yaml`` or ``.csv`` file.

    A YAML file has ``groups``, a list of ``name``, ``attributes``, and where they apply ``kind``
    (``one``, ``at-most-one``) and ``otherwise``. A CSV file has a row an attribute with the columns
    ``attribute``, ``group`` and perhaps ``kind`` and ``otherwise``; the rows of a group follow each
    other.

    Raises:
        ValueError: there is no such schema or file (the nearest name is said), or it has another
            form.

    Examples:
        >>> len(load_schema("upar")), len(load_schema("native46"))
        (40, 46)
    """
    path = Path(name_or_path)
    suffix = path.suffix.lower()
    if suffix not in (".yaml", ".yml", ".csv"):
        text = (files("reid_attr") / "schemas" / f"{_known(str(name_or_path))}.yaml").read_text()
        return Schema.from_dict(yaml.safe_load(text), name=str(name_or_path))
    if not path.is_file():
        raise ValueError(f"no schema file at {path}")
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = _of_csv(text) if suffix == ".csv" else yaml.safe_load(text)
        return Schema.from_dict(content, name=path.stem)
    except (UnicodeDecodeError, yaml.YAMLError, csv.Error) as error:
        raise ValueError(f"schema {path} cannot be read: {one_line(error)}") from error
    except ValueError as error:
        raise ValueError(f"schema {path}: {error}") from error


def save_schema(schema: Schema, path: Path | str) -> None:
    """Write a schema as YAML, or as CSV where the name ends so (which has no title).

    Raises:
        ValueError: the name ends in something else.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".yaml", ".yml", ".csv"):
        raise ValueError(f"a schema is written to a .yaml or .csv file, came {path.name}")
    with replacing(path) as temporary:
        if suffix == ".csv":
            _write_csv(schema, temporary)
        else:
            temporary.write_text(yaml.safe_dump(schema.to_dict(), sort_keys=False))


def _known(name: str) -> str:
    known = list_schemas()
    if name in known:
        return name
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(
        f"unknown schema {name!r}; {hint}Known: {', '.join(known)}; one of your own is a path that "
        "ends in .yaml or .csv"
    )


def _write_csv(schema: Schema, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["attribute", "group", "kind", "otherwise"])
        for group in schema.groups:
            table.writerows(
                [name, group.name, group.kind, group.otherwise] for name in group.attributes
            )


def _of_csv(text: str) -> dict[str, Any]:
    reader = csv.DictReader(text.splitlines())
    columns = reader.fieldnames or ()
    strange = set(columns) - {"attribute", "group", "kind", "otherwise"}
    if strange or not {"attribute", "group"} <= set(columns):
        raise ValueError(
            "expected the columns attribute, group and perhaps kind and otherwise, came "
            f"{', '.join(columns) or 'none'}"
        )
    groups: list[dict[str, Any]] = []
    for row in reader:
        cells = {key: (row.get(key) or "").strip() for key in columns}
        about = {
            "name": cells["group"],
            "kind": cells.get("kind") or "any",
            "otherwise": cells.get("otherwise", ""),
        }
        if not groups or groups[-1]["name"] != about["name"]:
            groups.append({**about, "attributes": []})
        elif {key: groups[-1][key] for key in about} != about:
            raise ValueError(f"line {reader.line_num}: group {about['name']} has two kinds")
        groups[-1]["attributes"].append(cells["attribute"])
    return {"groups": groups}
