"""What tests of networks share."""

from collections.abc import Iterator

import pytest

from reid_data import workers


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Small networks lose time to threads."""
    with workers.one_thread():
        yield
