"""Tokens: made once, private, found again, and refused where others could read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reid_eval.service.tokens import Tokens

TOKEN = "x" * 32


def test_the_first_start_makes_a_private_token_and_later_ones_find_it(tmp_path: Path) -> None:
    path = tmp_path / "service" / "tokens"
    before = os.umask(0)
    try:
        tokens, made = Tokens.open(path)
    finally:
        os.umask(before)
    assert made is not None
    assert len(made) >= 40
    assert path.stat().st_mode & 0o777 == 0o600
    again, none = Tokens.open(path)
    assert none is None
    first, second = tokens.find(made), again.find(made)
    assert first is not None
    assert first == second
    assert first.token_id not in made
    assert tokens.find(made + "x") is None
    assert tokens.find("") is None


def test_each_name_has_its_own_token(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# who may search\nada {TOKEN}\n\ngrace {TOKEN[::-1]}y\n")
    path.chmod(0o600)
    tokens, _ = Tokens.open(path)
    found = [tokens.find(token) for token in (TOKEN, TOKEN[::-1] + "y")]
    assert [caller and caller.name for caller in found] == ["ada", "grace"]


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"ada {TOKEN}\n")
    path.chmod(0o640)
    with pytest.raises(ValueError, match="read by others"):
        Tokens.open(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ada short\n", "line 1 .* must be a name and a token"),
        (f"{TOKEN}\n", "line 1 .* must be"),
        (f"ada {TOKEN}\nada {TOKEN}y\n", "line 2 .* names ada again"),
        ("# nobody\n", "holds no token"),
        (f"ada {TOKEN} more\n", "line 1"),
    ],
)
def test_a_damaged_file_is_refused_by_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ValueError, match=said):
        Tokens.open(path)
