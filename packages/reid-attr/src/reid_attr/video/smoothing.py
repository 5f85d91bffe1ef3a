"""Probabilities of one track, smoothed over time and by how well the person was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Smoother"]

_LEAST = 1e-3  # weight of somebody hardly seen: the only look is better than none

_Floats = NDArray[np.float64]


@dataclass
class Smoother:
    """Two weighted means of probabilities: of late, and over the whole track.

    Attributes:
        half_life: seconds after which a look counts half in `lately`.

    Examples:
        >>> smoother = Smoother(half_life=1.0)
        >>> smoother.add(np.array([1.0]), quality=0.5, seconds=0.0)
        >>> smoother.add(np.array([0.0]), quality=0.5, seconds=1.0)
        >>> smoother.lately.round(3), smoother.overall
        (array([0.333]), array([0.5]))
    """

    half_life: float = 2.0
    _sums: dict[str, Any] = field(default_factory=dict, repr=False)
    _seconds: float = 0.0
    count: int = 0

    def add(self, probabilities: NDArray[Any], *, quality: float, seconds: float) -> None:
        """Take in a look: probabilities ``(K,)``, how well it was seen, and when."""
        weight = max(quality, _LEAST)
        fade = 0.5 ** ((seconds - self._seconds) / self.half_life) if self.count else 0.0
        values = np.asarray(probabilities, np.float64) * weight
        for name, kept in (("lately", fade), ("overall", 1.0)):
            total, weights = self._sums.get(name, (0.0, 0.0))
            self._sums[name] = (kept * total + values, kept * weights + weight)
        self._seconds = seconds
        self.count += 1

    @property
    def lately(self) -> _Floats:
        """Mean in which looks fade with time, ``(K,)``; what is shown in the video."""
        return self._mean("lately")

    @property
    def overall(self) -> _Floats:
        """Mean of all looks, ``(K,)``; what is said of the track."""
        return self._mean("overall")

    def _mean(self, name: str) -> _Floats:
        total, weights = self._sums[name]
        mean: _Floats = total / weights
        return mean
