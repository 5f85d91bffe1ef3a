"""The service keeps to its own description, whatever is thrown at it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reid_eval.service import Limits

schemathesis = pytest.importorskip("schemathesis")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")

House = Any
_UNLIMITED = 10_000_000


def try_everything(house: House, examples: int) -> set[tuple[str, int]]:
    """Requests that fit the description and that break it; gives the statuses of each operation."""
    client = house.client(
        limits=Limits(
            searches_per_minute=_UNLIMITED,
            reads_per_minute=_UNLIMITED,
            wrong_tokens_per_minute=_UNLIMITED,
        )
    )
    # Half of what is sent as PNG shows a person; other types carry any bytes.
    people = [house.picture(pid) for pid in range(1, 6)]
    schemathesis.openapi.media_type("image/png", st.sampled_from(people) | st.binary(max_size=64))
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    headers = {"Authorization": client.headers["Authorization"]}
    # Bytes that fit the description are still no image, and a number is still no row's.
    left_out = [checks.positive_data_acceptance]
    seen = set[tuple[str, int]]()

    def check(operation: Any, mode: Any) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def one(data: st.DataObject) -> None:
            case = data.draw(operation.as_strategy(generation_mode=mode))
            response = case.call_and_validate(headers=headers, excluded_checks=left_out)
            seen.add((operation.label, response.status_code))

        one()

    for found in schema.get_all_operations():
        operation = found.ok()
        check(operation, schemathesis.GenerationMode.POSITIVE)
        if operation.label not in ("GET /api/health", "GET /api/gallery"):
            check(operation, schemathesis.GenerationMode.NEGATIVE)
    return seen


def check_coverage(seen: set[tuple[str, int]]) -> None:
    assert {label for label, _ in seen} == {
        "GET /api/health",
        "GET /api/gallery",
        "POST /api/search",
        "GET /api/rows/{row}/similar",
        "GET /api/rows/{row}/image",
        "DELETE /api/rows/{row}",
        "GET /api/people/{pid}",
        "DELETE /api/people/{pid}",
    }
    assert not {status for _, status in seen if status >= 500}
    assert {status for label, status in seen if label == "POST /api/search"} >= {200, 400, 422}


def test_the_service_keeps_to_its_description(house: House) -> None:
    check_coverage(try_everything(house, 8))


@pytest.mark.slow
def test_the_service_keeps_to_its_description_for_long(house: House) -> None:
    check_coverage(try_everything(house, 300))
