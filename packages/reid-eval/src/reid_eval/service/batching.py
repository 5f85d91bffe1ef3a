"""One thread that works on whatever waits, together: many callers, one model."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Generic, TypeVar

from reid_eval.service.refusals import RefusedError

__all__ = ["Batcher"]

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Hands waiting items to one function, a batch at a time, on a thread of its own.

    Args:
        work: a batch of items to as many results; a result that is an exception is raised where
            its item was handed in.
        most: items in a batch.
        waiting: items that may wait.
        name: of the thread.

    Examples:
        >>> double = Batcher(lambda numbers: [2 * number for number in numbers], name="double")
        >>> asyncio.run(double(21))
        42
        >>> double.close()
    """

    def __init__(
        self,
        work: Callable[[list[T]], Sequence[R | Exception]],
        *,
        most: int = 32,
        waiting: int = 128,
        name: str,
    ) -> None:
        self._work = work
        self._most = most
        self._queue: queue.Queue[tuple[T, Future[R]] | None] = queue.Queue(waiting)
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def __call__(self, item: T) -> R:
        """The item's result.

        Raises:
            RefusedError: 503, too much is waiting already.
        """
        result: Future[R] = Future()
        try:
            self._queue.put_nowait((item, result))
        except queue.Full:
            raise RefusedError(
                503, "busy", "too many requests are waiting; try again", {"Retry-After": "1"}
            ) from None
        return await asyncio.wrap_future(result)

    def close(self) -> None:
        """Finish what waits, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = [first], False
            while len(batch) < self._most and not last:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                else:
                    batch.append(following)
            self._finish(batch)
            if last:
                return

    def _finish(self, batch: list[tuple[T, Future[R]]]) -> None:
        # Who has gone away meanwhile is not worked for.
        live = [(item, result) for item, result in batch if result.set_running_or_notify_cancel()]
        if not live:
            return
        results: Sequence[R | Exception]
        try:
            results = self._work([item for item, _ in live])
        except Exception as error:  # any of them must not end the thread: its caller gets it
            results = [error] * len(live)
        for (_, future), result in zip(live, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
