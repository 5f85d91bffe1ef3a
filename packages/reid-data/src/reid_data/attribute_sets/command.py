"""What ``list``, ``info`` and ``check`` say about published tables of attributes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reid_data.attribute_sets.registry import (
    AttributeSetInfo,
    attribute_set_info,
    attribute_set_options,
    list_attribute_sets,
    load_attributes,
)
from reid_data.console import note, show

if TYPE_CHECKING:
    from reid_data.attributes import Attributes

__all__ = ["attribute_mismatches", "check_set", "info_of_set", "list_sets"]

_FIRST_MISSING = 5


def list_sets(*, as_json: bool) -> None:
    """Print the attribute sets with licences, published counts and options."""
    infos = [
        asdict(attribute_set_info(name)) | {"options": attribute_set_options(name)}
        for name in list_attribute_sets()
    ]
    rows = [
        {
            "name": info["name"],
            "licence": info["licence"],
            "attributes": info["attributes"],
            "published rows": _lines(info["rows"], " "),
            "options": _lines(info["options"], ": "),
            "note": info["note"],
        }
        for info in infos
    ]
    show(rows, title="Attribute sets", as_json=as_json, payload=infos)


def info_of_set(data: str, root: Path, *, as_json: bool) -> None:
    """Print who has which attribute: a line an attribute, counted over the whole table."""
    attributes = load_attributes(data, root)
    rows = [
        {
            "attribute": name,
            "yes": int((column == 1).sum()),
            "no": int((column == 0).sum()),
            "unknown": int((column == -1).sum()),
            "share": round(float((column == 1).sum()) / max(int((column >= 0).sum()), 1), 4),
        }
        for name, column in zip(attributes.names, attributes.values.T, strict=True)
    ]
    payload = _payload(data, root, attributes) | {"attributes": rows}
    show(rows, title=f"{_title(attributes)} in {root}", as_json=as_json, payload=payload)


def check_set(data: str, root: Path, *, counts: bool, as_json: bool) -> None:
    """Compare with what is published, and look whether the pictures are there.

    Raises:
        ValueError: something differs or is missing; the message says what.
    """
    attributes = load_attributes(data, root)
    problems = attribute_mismatches(attributes, attribute_set_info(data)) if counts else []
    if problems:
        problems.append("a table of your own in this form is checked with --no-counts")
    missing = _missing_pictures(attributes, root.expanduser())
    if missing:
        first = ", ".join(missing[:_FIRST_MISSING])
        problems.append(f"{len(missing)} of {len(attributes)} pictures are missing, first {first}")
    payload = _payload(data, root, attributes) | {"ok": not problems, "problems": problems}
    rows = [{"partition": name, "rows": count} for name, count in payload["rows"].items()]
    show(rows, title=f"{_title(attributes)} in {root}", as_json=as_json, payload=payload)
    if problems:
        raise ValueError("\n".join(problems))
    note(f"{len(attributes.names)} attributes of {len(attributes)} rows")


def attribute_mismatches(attributes: Attributes, info: AttributeSetInfo) -> list[str]:
    """Compare numbers of attributes and rows with the published ones; one line a difference."""
    found = {name: len(rows) for name, rows in attributes.partitions.items()}
    found |= {"all": len(attributes)}
    lines = [
        f"{name}: expected {count} rows as published, found {found.get(name, 0)}"
        for name, count in info.rows.items()
        if found.get(name, 0) != count
    ]
    if info.attributes not in (None, len(attributes.names)):
        lines.append(
            f"expected {info.attributes} attributes as published, found {len(attributes.names)}"
        )
    return lines


def _missing_pictures(attributes: Attributes, root: Path) -> list[str]:
    """Paths that are not below the root; nothing where none of them is, as tables come alone."""
    if attributes.key != "path" or root.is_file():
        return []
    missing = [key for key in attributes.keys if not (root / key).is_file()]
    return [] if len(missing) == len(attributes) else missing


def _payload(data: str, root: Path, attributes: Attributes) -> dict[str, Any]:
    partitions = {name: len(rows) for name, rows in attributes.partitions.items()}
    rows = {"all": len(attributes), **partitions}
    return {"data": data, "root": root, "key": attributes.key, "rows": rows}


def _title(attributes: Attributes) -> str:
    rows = "people" if attributes.key == "pid" else "images"
    return f"{len(attributes.names)} attributes of {len(attributes)} {rows}"


def _lines(pairs: dict[str, Any], between: str) -> str:
    return "\n".join(f"{key}{between}{value}" for key, value in pairs.items())
