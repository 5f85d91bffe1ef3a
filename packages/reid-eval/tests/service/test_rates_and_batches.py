"""How often one may ask, and how what waits is worked on together."""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid_eval.service.batching import Batcher
from reid_eval.service.limits import Limits
from reid_eval.service.rates import RateLimit
from reid_eval.service.refusals import RefusedError


@given(st.integers(1, 600), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_never_more_than_the_burst_and_the_rate(per_minute: int, pauses: list[float]) -> None:
    now = 0.0
    limit = RateLimit(per_minute, clock=lambda: now)
    granted = 0
    for pause in pauses:
        now += pause
        granted += limit.wait("someone") == 0
    assert granted <= max(1, per_minute // 5) + now * per_minute / 60 + 1e-6


def test_after_the_wait_that_was_told_one_may_ask_again() -> None:
    now = 0.0
    limit = RateLimit(30, burst=2, clock=lambda: now)
    assert [limit.wait("a") for _ in range(3)] == [0, 0, 2]
    assert limit.wait("b") == 0
    with pytest.raises(RefusedError) as caught:
        limit.check("a")
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "2"})
    now = 2.0
    limit.check("a")


def test_a_million_callers_are_not_all_remembered() -> None:
    limit = RateLimit(60)
    tracemalloc.start()
    for number in range(30_000):
        limit.wait(str(number))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert size < 6_000_000


def test_what_waits_is_worked_on_together_and_in_order() -> None:
    gate, sizes = threading.Event(), []

    def work(items: list[int]) -> Sequence[int]:
        gate.wait(5)
        sizes.append(len(items))
        return [10 * item for item in items]

    batcher = Batcher(work, most=4, name="test")

    async def ask() -> list[int]:
        asking = [asyncio.ensure_future(batcher(item)) for item in range(9)]
        await asyncio.sleep(0.05)
        gate.set()
        return list(await asyncio.gather(*asking))

    assert asyncio.run(ask()) == [10 * item for item in range(9)]
    assert max(sizes) == 4
    batcher.close()


def test_an_error_reaches_its_caller_and_the_thread_goes_on() -> None:
    def work(items: list[int]) -> list[int | Exception]:
        if items == [0]:
            raise OSError("all of them")
        return [ValueError("this one") if item < 0 else item for item in items]

    batcher = Batcher(work, most=1, name="test")
    for item, error in ((0, OSError), (-1, ValueError)):
        with pytest.raises(error):
            asyncio.run(batcher(item))
    assert asyncio.run(batcher(7)) == 7
    batcher.close()


def test_too_much_waiting_is_refused_and_who_left_is_not_worked_for() -> None:
    gate, seen = threading.Event(), list[int]()

    def work(items: list[int]) -> list[int]:
        gate.wait(5)
        seen.extend(items)
        return items

    batcher = Batcher(work, most=1, waiting=2, name="test")

    async def ask() -> None:
        first = asyncio.ensure_future(batcher(0))
        await asyncio.sleep(0.05)
        others = [asyncio.ensure_future(batcher(item)) for item in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(RefusedError) as caught:
            await batcher(3)
        assert (caught.value.status, caught.value.code) == (503, "busy")
        others[0].cancel()
        await asyncio.sleep(0)
        gate.set()
        assert await first == 0
        assert await others[1] == 2

    asyncio.run(ask())
    batcher.close()
    assert seen == [0, 2]


def test_limits_are_positive() -> None:
    with pytest.raises(ValueError, match="pixels must be more than 0, got 0"):
        Limits(pixels=0)
