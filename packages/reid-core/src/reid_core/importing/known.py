"""The projects whose checkpoints we read, by name."""

from __future__ import annotations

from reid_core.importing.centroids import Centroids
from reid_core.importing.fastreid import FastReID
from reid_core.importing.strong_baseline import StrongBaseline
from reid_core.importing.torchreid import Torchreid
from reid_core.importing.translation import Source
from reid_core.registry import Registry

__all__ = ["list_sources", "sources"]

sources: Registry[Source] = Registry("source of checkpoints")
"""Projects by name; ``@sources.register("name")`` adds one."""

sources.register("centroids")(Centroids())
sources.register("fastreid")(FastReID())
sources.register("strong-baseline")(StrongBaseline())
sources.register("torchreid")(Torchreid())


def list_sources() -> list[str]:
    """Projects whose checkpoints can be imported.

    Examples:
        >>> list_sources()
        ['centroids', 'fastreid', 'strong-baseline', 'torchreid']
    """
    return sources.names()
