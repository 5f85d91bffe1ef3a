"""A package as a new process would import it, without the seconds that one takes."""

from __future__ import annotations

import sys
from collections.abc import Collection

import pytest


def import_anew(
    monkeypatch: pytest.MonkeyPatch, package: str, *, without: Collection[str] = ()
) -> None:
    """Let the package be imported again, where some others cannot be imported at all.

    Args:
        monkeypatch: undoes it.
        package: whose modules are forgotten.
        without: packages that seem not to be installed.
    """
    for name in list(sys.modules):
        if name.partition(".")[0] in {package, *without}:
            monkeypatch.delitem(sys.modules, name)
    for name in without:
        monkeypatch.setitem(sys.modules, name, None)
