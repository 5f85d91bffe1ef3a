"""Every file-name grammar at once: any string is read, or refused with a reason."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_data import datasets
from reid_data.datasets.grammar import NameGrammar

GRAMMARS = {
    f"{module.name.rpartition('.')[2]}.{name}": getattr(importlib.import_module(module.name), name)
    for module in pkgutil.iter_modules(datasets.__path__, f"{datasets.__name__}.")
    for name in importlib.import_module(module.name).__all__
    if isinstance(getattr(importlib.import_module(module.name), name), NameGrammar)
}
GRAMMAR = pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=list(GRAMMARS))


def check(grammar: NameGrammar, name: str) -> None:
    try:
        fields = grammar.parse(name)
    except ValueError as error:
        message = str(error)
        assert repr(name) in message
        assert grammar.example in message
    else:
        numbers = [value for value in fields.values() if isinstance(value, int)]
        assert all(-2 <= number < 2**63 for number in numbers)
        assert set(fields) >= set(grammar.texts)


def test_the_grammars_are_found() -> None:
    assert {"ltcc.LTCC_NAMES", "dukemtmc_reid.DUKE_NAMES"} <= set(GRAMMARS)


@GRAMMAR
def test_the_example_fits_and_its_ruins_do_not(grammar: NameGrammar) -> None:
    fields = grammar.parse(grammar.example)
    assert all(value is not None for value in fields.values())
    stem, dot, ending = grammar.example.rpartition(".")
    assert grammar.parse(f"{stem}{dot}{ending.upper()}") == fields
    for ruin in (stem, f"{stem}.txt", f"{grammar.example}\n", f" {grammar.example}", "", ".jpg"):
        with pytest.raises(ValueError, match="expected a name like"):
            grammar.parse(ruin)


@GRAMMAR
@settings(max_examples=50)
@given(data=st.data())
def test_any_string_is_read_or_refused_with_a_reason(
    grammar: NameGrammar, data: st.DataObject
) -> None:
    check(grammar, data.draw(st.text()))
    place = data.draw(st.integers(0, len(grammar.example)))
    width = data.draw(st.integers(0, 3))
    middle = data.draw(st.text("0123456789_-/.cspfABCQ٣ \n", max_size=25))
    check(grammar, grammar.example[:place] + middle + grammar.example[place + width :])


@GRAMMAR
@settings(max_examples=50)
@given(data=st.data())
def test_what_the_pattern_makes_is_read(grammar: NameGrammar, data: st.DataObject) -> None:
    stem = data.draw(
        st.from_regex(grammar.pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    )
    fields = grammar.parse(f"{stem}.jpg")
    # Numbers stand in the name as they were read, whatever zeros are before them.
    assert all(str(value) in stem for value in fields.values() if isinstance(value, int))
