"""The page: whole, offline, and free of anything that its policy would block."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest

House = Any
FILES = {
    file.name: file.read_text(encoding="utf-8")
    for file in (resources.files("reid_eval.service") / "page").iterdir()
}


def test_every_file_of_the_page_is_served_as_what_it_is(house: House) -> None:
    client = house.client(token=None)
    kinds = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg"}
    for name, text in FILES.items():
        response = client.get("/" if name == "index.html" else f"/assets/{name}")
        assert response.status_code == 200
        assert response.text == text
        assert response.headers["content-type"].startswith(kinds[name.rpartition(".")[2]])


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", FILES[name]))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bon\w+=|<style|style=|javascript:|innerHTML|eval\(", FILES[name])


def test_every_element_that_the_scripts_ask_for_is_there() -> None:
    ids = set(re.findall(r'\bid="([\w-]+)"', FILES["index.html"]))
    asked = {
        name
        for file, text in FILES.items()
        if file.endswith(".js")
        for name in re.findall(r"(?:\$|getElementById)\(\"([\w-]+)\"\)", text)
    }
    assert asked <= ids


def test_every_import_of_a_script_is_there() -> None:
    for text in FILES.values():
        for name in re.findall(r'from "\./([\w.]+)"', text):
            assert name in FILES
