"""A page for each recipe: what it is for, how to run it, its values, and the file itself."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import yaml

from reid_attr import schema_of_set
from reid_core.training.recipes.texts import recipe_text, recipes_of
from reid_core.training.terms import term_registry
from reid_data import list_attribute_sets

__all__ = ["recipe_pages"]


@dataclass(frozen=True)
class Family:
    """The recipes of one package.

    Attributes:
        package: import package that they come with.
        script: the command that trains with them.
        about: what they train, as a heading.
        data: data set that its commands name, unless a recipe needs another.
    """

    package: str
    script: str
    about: str
    data: str

    def names(self) -> list[str]:
        """Names of its recipes."""
        return recipes_of(self.package)

    def address(self, name: str) -> str:
        """Where a recipe's page lies."""
        folder = "" if self.package == "reid_core" else f"{self.package.removeprefix('reid_')}-"
        return f"recipes/{folder}{name}.md"


FAMILIES = (
    Family("reid_core", "reid-core train", "Re-identification", "market1501"),
    Family("reid_attr", "reid-attr train", "Attributes", "upar"),
    Family("reid_gen", "reid-gen train-gan", "Generation", "market1501"),
)
_ABOUT = """\
A recipe is a YAML file that says how to train: data, model, loss terms, optimiser, schedule,
evaluation. It never names a data set. `--recipe NAME` takes one of these, `--recipe mine.yaml`
[one of your own](../your-own.md#a-recipe), and `--set key=value` changes any value."""
# What a recipe learns from beside the images, and where the command line takes it.
# Such words of a comment are commands.
_SPOKEN = re.compile(r"(?<!\S)--[a-z-]+(?: loss\.\S+| [a-z.]+=\S+)?")
_TABLES = {
    "masks": "--masks masks",
    "genders": "--genders genders.csv",
    "poses": "--poses poses/poses_train.csv",
}
_VALUES = {
    "network": ("model", "name"),
    "kind": ("model", "kind"),
    "image size": ("data", "image_size"),
    "people in a batch": ("data", "identities_per_batch"),
    "images of each": ("data", "images_per_identity"),
    "images in a batch": ("data", "batch_size"),
    "frames of a clip": ("data", "clips", "length"),
    "optimiser": ("optimizer", "name"),
    "learning rate": ("optimizer", "lr"),
    "epochs": ("schedule", "epochs"),
    "schedule": ("schedule", "kind"),
}


def recipe_pages() -> dict[str, tuple[str, str]]:
    """All pages, the overview first: address to place in the navigation and Markdown."""
    pages = {"recipes/index.md": ("", _overview())}
    for family in FAMILIES:
        for name in family.names():
            text = recipe_text(name, package=family.package)
            pages[family.address(name)] = (f"{family.about}/{name}", _page(family, name, text))
    return pages


def _overview() -> str:
    parts = ["# Recipes", _ABOUT]
    for family in FAMILIES:
        rows = [
            f"| [`{name}`]({family.address(name).removeprefix('recipes/')}) | "
            f"{_say(yaml.safe_load(recipe_text(name, package=family.package)))} |"
            for name in family.names()
        ]
        table = "\n".join(["| recipe | what |", "| --- | --- |", *rows])
        parts.append(f"## {family.about}\n\n{table}")
    return "\n\n".join(parts)


def _page(family: Family, name: str, text: str) -> str:
    raw = yaml.safe_load(text)
    head = [line.lstrip("# ") for line in text.split("\n\n")[0].splitlines() if line[:1] == "#"]
    parts = [f"# {name}", f"{_say(raw)}."]
    if head:
        parts.append("> " + _SPOKEN.sub(r"`\g<0>`", " ".join(head)))
    parts.append(f"```sh\n{_command(family, name, raw)}\n```")
    parts.append(_values(raw))
    if family.package == "reid_core":
        parts.append(_terms(raw["loss"]))
    parts.append(f"## The file\n\n```yaml\n{text.strip()}\n```")
    return "\n\n".join(parts)


def _say(raw: dict[str, Any]) -> str:
    words = str(raw["description"]).rstrip(".")
    return words[0].upper() + words[1:]


def _command(family: Family, name: str, raw: dict[str, Any]) -> str:
    """The command that trains with it, with what it needs beside the images."""
    description = raw["description"]
    tables = [option for table, option in _TABLES.items() if table in description]
    data = _data(family, raw, needs_outfits="Clothes-changing" in description)
    script = family.script
    words = [f"--data {data} --root {data} --out runs/{name}", *tables]
    if description.startswith("Finetuning"):
        script, words = "reid-core finetune", [*words, "--init-from runs/first"]
    if family.package == "reid_gen" and raw["loss"]["perceptual"]["weight"]:
        words.append("--perceptual vgg19.pth")
    if (raw.get("data") or {}).get("second"):
        words.append("--second-data msmt17 --second-root msmt17")
    loss = raw["loss"] if family.package == "reid_core" else {}
    teachers = [key for key, term in loss.items() if "teacher" in _options(key, term)]
    # A term that is taught by another term of the recipe names it; the others want a checkpoint.
    missing = [key for key in teachers if not (loss[key] or {}).get("teacher")]
    words += [f"--set loss.{key}.teacher=runs/teacher" for key in missing]
    return " \\\n    ".join([f"{script} --recipe {name}", *words])


def _data(family: Family, raw: dict[str, Any], *, needs_outfits: bool) -> str:
    """A data set that has what the recipe needs."""
    if needs_outfits:
        return "ltcc"
    schema = (raw.get("data") or {}).get("schema")
    if schema:
        return next(name for name in list_attribute_sets() if schema_of_set(name) == schema)
    return "mars" if (raw.get("data") or {}).get("clips") else family.data


def _options(key: str, term: dict[str, Any] | None) -> set[str]:
    registered = term_registry[(term or {}).get("term", key)]
    return set(inspect.signature(registered.__init__).parameters)


def _values(raw: dict[str, Any]) -> str:
    rows = []
    for what, path in _VALUES.items():
        value: Any = raw
        for key in path:
            value = (value or {}).get(key)
        if value is not None:
            shown = " x ".join(map(str, value)) if isinstance(value, list) else value
            rows.append(f"| {what} | {shown} |")
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _terms(loss: dict[str, Any]) -> str:
    rows = []
    for key, term in loss.items():
        cls = term_registry[(term or {}).get("term", key)]
        what = (inspect.getdoc(cls) or "").split("\n")[0].partition(", see [")[0].rstrip(".")
        weight = (term or {}).get("weight", 1)
        link = f"[`{key}`][reid_core.training.terms.{cls.__name__}]"
        rows.append(f"| {link} | {weight:g} | {what} |")
    head = ["| term | weight | what it is |", "| --- | ---: | --- |"]
    return "\n".join(["## The loss", "", *head, *rows])
