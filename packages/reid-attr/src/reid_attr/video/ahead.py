"""Work of one thread beside that of another: decoding before, and encoding behind, the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

__all__ = ["chunks_ahead", "done_behind"]

Item = TypeVar("Item")
_PENDING = 2


def chunks_ahead(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of so many items, made in another thread while the last ones are worked on.

    What raises there raises here, after the items before it.

    Examples:
        >>> list(chunks_ahead("abcde", 2))
        [['a', 'b'], ['c', 'd'], ['e']]
    """
    source = iter(items)
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(lambda: list(islice(source, size)))
        while chunk := coming.result():
            coming = thread.submit(lambda: list(islice(source, size)))
            yield chunk


@contextmanager
def done_behind() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Yield a function that hands work to another thread, which does it in order.

    At most two works wait, so that memory stays bounded. What a work raises, raises at a later
    call, or at the end of the block, and no work after it is done.
    """
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as thread:

        def hand_over(work: Callable[[], None]) -> None:
            while len(waiting) >= _PENDING:
                waiting.popleft().result()
            waiting.append(thread.submit(work))

        try:
            yield hand_over
            while waiting:
                waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
