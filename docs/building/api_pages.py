"""The reference: a page for each package, and one for each part of it that has public names."""

from __future__ import annotations

import pkgutil
from importlib import import_module

__all__ = ["PACKAGES", "api_pages", "missing_names", "public_parts"]

PACKAGES = ("reid_data", "reid_eval", "reid_core", "reid_attr", "reid_gen")
_INTERNAL = ("cli", "commands", "command")


def public_parts(package: str) -> dict[str, dict[str, list[str]]]:
    """The pages of a package: of each, the modules on it and their public names.

    There is one for the package and one for each package below it; where that lists no names
    itself, its modules stand on its page.
    """
    parts: dict[str, dict[str, list[str]]] = {}
    unlisted: list[str] = []
    for name, is_package in [(package, True), *_below(package)]:
        above = name.rpartition(".")[0]
        names = [each for each in getattr(import_module(name), "__all__", ()) if each[0] != "_"]
        if is_package and (names or name == package):
            parts[name] = {name: names}
        elif is_package:
            unlisted.append(name)
        elif above in unlisted and names:
            parts.setdefault(above, {})[name] = names
    return {page: modules for page, modules in parts.items() if any(modules.values())}


def api_pages() -> dict[str, tuple[str, str]]:
    """All pages: address to place in the navigation and Markdown."""
    pages = {}
    for package in PACKAGES:
        for name, modules in public_parts(package).items():
            short = name.removeprefix(f"{package}.")
            texts = [_section(module, names, page=name) for module, names in modules.items()]
            title = f"# {name} {{ #{name} }}\n\n"
            pages[f"api/{name}.md"] = (f"{package}/{short}", title + "\n".join(texts))
    return pages


def missing_names(address: str, html: str) -> list[str]:
    """Public names that a page of the reference should explain and does not.

    Args:
        address: of any page, below docs/.
        html: what became of it.
    """
    name = address.removeprefix("api/").removesuffix(".md")
    package = name.partition(".")[0]
    if not address.startswith("api/") or package not in PACKAGES:
        return []
    wanted = (
        f"{module}.{each}"
        for module, names in public_parts(package)[name].items()
        for each in names
    )
    return [each for each in wanted if f'id="{each}"' not in html]


def _section(name: str, names: list[str], *, page: str) -> str:
    # The anchor of a module is a heading of ours, so that links to the module find it.
    heading = "" if name == page else f"## {name.removeprefix(f'{page}.')} {{ #{name} }}\n"
    lines = (
        heading,
        f"::: {name}",
        "    options:",
        "      show_root_heading: false",
        "      show_root_toc_entry: false",
        "      members:",
        *(f"        - {each}" for each in names),
    )
    return "\n".join(lines) + "\n"


def _below(package: str) -> list[tuple[str, bool]]:
    """Names of everything below a package that is not private, and whether it is a package."""
    found = pkgutil.walk_packages(import_module(package).__path__, f"{package}.")
    return [
        (each.name, each.ispkg)
        for each in found
        if not any(word[0] == "_" or word in _INTERNAL for word in each.name.split("."))
    ]
