"""How a public name goes: it warns for one minor release, and is gone in the next.

Deprecated in 0.3, a name works, with a warning, in every 0.3.x, and is taken out of 0.4; of 1.2 it
goes in 1.3. A test reads the source of every package and fails once the version has come in which
a name should be gone.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["deprecated", "gone_in"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def deprecated(
    *, since: str, instead: str, package: str
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorate a function (or a class's method) that will go.

    Args:
        since: the version that warns first, such as ``"0.3.0"``.
        instead: what to use, as one writes it: ``"reid_core.create_model(name)"``.
        package: the distribution whose versions are meant, such as ``"reid-core"``.

    Returns:
        What makes of a function one that first warns with a `DeprecationWarning`, where it is
        called from.

    Raises:
        ValueError: ``since`` is no version.

    Examples:
        >>> @deprecated(since="0.3.0", instead="new()", package="reid-core")
        ... def old() -> int:
        ...     return 1
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     _ = old()
        >>> print(caught[0].message)
        old is deprecated since reid-core 0.3.0 and goes in 0.4.0; use new()
    """
    gone = gone_in(since)

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        name = function.__qualname__
        message = f"{name} is deprecated since {package} {since} and goes in {gone}; use {instead}"

        @functools.wraps(function)
        def warn_first(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        return warn_first

    return decorate


def gone_in(since: str) -> str:
    """The version without a name that warns since another.

    Raises:
        ValueError: ``since`` is no version of three numbers.

    Examples:
        >>> gone_in("0.3.1")
        '0.4.0'
    """
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", since)
    if found is None:
        raise ValueError(f"a version is three numbers, such as 0.3.0; came {since!r}")
    return f"{found[1]}.{int(found[2]) + 1}.0"
