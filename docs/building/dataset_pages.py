"""A page for each data set: how it lies on disk, its splits, licence, citation and options."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from reid_data import (
    AttributeSetInfo,
    DatasetInfo,
    attribute_set_options,
    dataset_options,
    list_attribute_sets,
    list_datasets,
)
from reid_data.attribute_sets import registry as attribute_registry
from reid_data.datasets import registry
from reid_data.synth.layouts import list_layouts
from reid_eval.protocols.registry import _DEFAULTS as DEFAULT_PROTOCOLS

__all__ = ["dataset_pages"]

_ABOUT = """\
# Data sets

`--data NAME --root FOLDER` reads a data set as its authors publish it; nothing is downloaded. Your
own images need no reader: see [a data set of your own](../your-own.md#a-data-set). Each page says
how to draw made-up people in the same layout.
"""
_ANY = """\
Any data set also takes `only=train`, `people=100`, `fold=0/5`, `draw=SEED` and `root=FOLDER`; see
[a data set of your own](../your-own.md#a-data-set) for joining several."""


def dataset_pages() -> dict[str, tuple[str, str]]:
    """All pages, the overview first: address to place in the navigation and Markdown."""
    pages = {"datasets/index.md": ("", _overview())}
    for name in list_datasets():
        pages[f"datasets/{name}.md"] = (f"Images/{name}", _dataset(*registry._READERS[name]))
    for name in list_attribute_sets():
        page = _attributes(*attribute_registry._READERS[name])
        pages[f"datasets/attributes-{name}.md"] = (f"Tables of attributes/{name}", page)
    return pages


def _overview() -> str:
    images = [(name, registry.dataset_info(name)) for name in list_datasets()]
    rows = [
        f"| [`{name}`]({name}.md) | {_identities(info)} | {_images(info)} | {info.licence} |"
        for name, info in images
    ]
    tables = [
        f"| [`{name}`](attributes-{name}.md) | {info.attributes or ''} | {info.licence} |"
        for name in list_attribute_sets()
        for info in [attribute_registry.attribute_set_info(name)]
    ]
    return "\n".join(
        [
            _ABOUT,
            "| name | identities | images | licence |",
            "| --- | ---: | ---: | --- |",
            *rows,
            "",
            "## Tables of attributes",
            "",
            "| name | attributes | licence |",
            "| --- | ---: | --- |",
            *tables,
        ]
    )


def _dataset(info: DatasetInfo, reader: Callable[..., Any]) -> str:
    title, layout = _documented(reader)
    counts = [
        f"| {split} | {people:,} | {'' if images is None else f'{images:,}'} |"
        for split, (people, images) in info.counts.items()
    ]
    splits = ["| split | identities | images |", "| --- | ---: | ---: |", *counts]
    protocols = ", ".join(f"`{each}`" for each in DEFAULT_PROTOCOLS.get(info.name, ("image",)))
    facts = _facts(info) | {"Measured by": f"[{protocols}](../protocols.md)"}
    return _joined(
        f"# {info.name}",
        f"{title} {_sentence(info.note)}",
        _table(facts),
        "## Splits\n\n" + "\n".join(splits) if counts else "",
        "## Layout\n\n" + layout if layout else "",
        _options(info.name, dataset_options(info.name)) + f"\n\n{_ANY}",
        _try(info.name),
    )


def _attributes(info: AttributeSetInfo, reader: Callable[..., Any]) -> str:
    title, layout = _documented(reader)
    rows = {part: f"{count:,}" for part, count in info.rows.items()}
    facts = _facts(info) | ({"Attributes": str(info.attributes)} if info.attributes else {})
    return _joined(
        f"# {info.name}",
        f"{title} {_sentence(info.note)}",
        _table(facts),
        "## Rows\n\n" + _table(rows) if rows else "",
        "## Layout\n\n" + layout if layout else "",
        _options(info.name, attribute_set_options(info.name)),
    )


def _facts(info: DatasetInfo | AttributeSetInfo) -> dict[str, str]:
    page = f"<{info.url}>" if info.url else ""
    facts = {"Licence": info.licence, "Cite": info.citation, "Page": page}
    return {what: value for what, value in facts.items() if value}


def _documented(reader: Callable[..., Any]) -> tuple[str, str]:
    """Title and body of what the module of a reader says, as Markdown."""
    text = inspect.cleandoc(sys.modules[reader.__module__].__doc__ or "")
    title, _, body = text.partition("\n")
    body = re.sub(r"::(?=\n\n +\S)", ":", body.strip())
    return title, body.replace("``", "`")


def _options(name: str, options: Mapping[str, str]) -> str:
    if not options:
        return ""
    rows = [f"| `{key}` | {what} |" for key, what in options.items()]
    head = f"## Options\n\nAfter the name: `--data {name}:{next(iter(options))}=...`.\n\n"
    return head + "\n".join(["| option | values |", "| --- | --- |", *rows])


def _try(name: str) -> str:
    if name not in {each.reader for each in list_layouts()}:
        return ""
    root = f"{name}/records.csv" if name == "csv" else name
    return (
        "## Try it with made-up people\n\n```sh\n"
        f"reid-data synth --layout {name} --out {name}\n"
        f"reid-data info --data {name} --root {root}\n```"
    )


def _table(facts: Mapping[str, str]) -> str:
    rows = [f"| {what} | {value} |" for what, value in facts.items()]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _identities(info: DatasetInfo) -> str:
    """Those of the training and of the test, as papers give them."""
    asked = ("train", "query")
    counts = [f"{info.counts[name][0]:,}" for name in info.counts if name.startswith(asked)]
    return " + ".join(counts)


def _images(info: DatasetInfo) -> str:
    """All of them; counts of a split that another count includes are not added again."""
    splits = {name: set(name.split("+")) for name in info.counts}
    whole = [name for name in splits if not any(splits[name] < other for other in splits.values())]
    images = [info.counts[name][1] for name in whole]
    return "" if not images or None in images else f"{sum(filter(None, images)):,}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:].rstrip('.')}." if words else ""


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part.strip())
