"""What all pages share."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_reader import prepare


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a reader, with data sets in it."""
    folder = tmp_path_factory.mktemp("home")
    prepare(folder)
    return folder
