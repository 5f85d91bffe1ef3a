"""What one service takes at most."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Bounds that keep a service standing, whatever is sent to it.

    Attributes:
        upload_bytes: of one uploaded image.
        pixels: of one uploaded image once decoded; 16 million are 46 MiB.
        searches_per_minute: of one token, also deletions; a fifth of it may come at once.
        reads_per_minute: of one token: crops and facts.
        wrong_tokens_per_minute: of one address.
        top_k: answers of one search.
        waiting: requests that may wait for the model or the gallery; beyond it the answer is 503.
        upload_seconds: that an upload may take.
        upload_memory: bytes of all uploads at one time; beyond it the answer is 503.

    Raises:
        ValueError: a bound is not positive.
    """

    upload_bytes: int = 10_000_000
    pixels: int = 16_000_000
    searches_per_minute: int = 300
    reads_per_minute: int = 6_000
    wrong_tokens_per_minute: int = 30
    top_k: int = 200
    waiting: int = 128
    upload_seconds: float = 30.0
    upload_memory: int = 128_000_000

    def __post_init__(self) -> None:
        for bound in fields(self):
            if not getattr(self, bound.name) > 0:
                raise ValueError(
                    f"{bound.name} must be more than 0, got {getattr(self, bound.name)}"
                )
