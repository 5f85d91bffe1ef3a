"""One thread: these networks are so small that waiting for a second one takes longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reid_data import workers


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    with workers.one_thread():
        yield
