"""How often one caller may ask: a bucket that fills at a steady rate, for each caller."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from reid_eval.service.refusals import RefusedError

__all__ = ["RateLimit"]

_MOST_CALLERS = 10_000


class RateLimit:
    """At most so many requests a minute of each caller, and a part of them at once.

    Args:
        per_minute: requests.
        burst: that may come at once; a fifth of a minute's by default.
        clock: seconds, rising.

    Examples:
        >>> limit = RateLimit(60, burst=1, clock=lambda: 0.0)
        >>> limit.wait("someone"), limit.wait("someone"), limit.wait("someone else")
        (0.0, 1.0, 0.0)
    """

    def __init__(
        self,
        per_minute: int,
        *,
        burst: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = per_minute / 60
        self._burst = max(1, per_minute // 5) if burst is None else burst
        self._clock = clock
        self._lock = Lock()
        # The callers heard last come last; the first is forgotten when there are too many.
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str, *, take: bool = True) -> float:
        """Seconds until the caller may ask; 0 takes one request out of the bucket."""
        now = self._clock()
        with self._lock:
            level, seen = self._buckets.pop(caller, (float(self._burst), now))
            level = min(self._burst, level + (now - seen) * self._rate)
            granted = level >= 1
            self._buckets[caller] = (level - 1 if granted and take else level, now)
            if len(self._buckets) > _MOST_CALLERS:
                self._buckets.popitem(last=False)
        return 0.0 if granted else (1 - level) / self._rate

    def check(self, caller: str, *, take: bool = True) -> None:
        """Refuse what comes too soon.

        Raises:
            RefusedError: 429, with the seconds to wait in ``Retry-After``.
        """
        seconds = self.wait(caller, take=take)
        if seconds > 0:
            whole = max(1, math.ceil(seconds))
            raise RefusedError(
                429,
                "too_many_requests",
                f"too many requests; try again in {whole} s",
                {"Retry-After": str(whole)},
            )
