"""What the tests of the readers share: small copies of data sets, in their real layouts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_LAYOUTS = Path(__file__).with_name("layouts.py")


@pytest.fixture(scope="session")
def layouts() -> ModuleType:
    """The writers of small copies, one function a data set: ``layouts.ltcc(folder, write)``."""
    spec = importlib.util.spec_from_file_location("reid_data_test_layouts", _LAYOUTS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
