"""The on-disk layouts in which synthetic people are written, one file a layout or a family."""

from . import (  # noqa: F401 - importing a module registers its layouts
    clothes,
    cuhk03,
    duke,
    image_attributes,
    market,
    months,
    msmt17,
    pairs,
    plain,
    recordings,
    sequences,
    tables,
    vehicles,
    videos,
)
from .registry import (
    Amount,
    Arrangement,
    Layout,
    Plan,
    Recorder,
    find_layout,
    layout,
    list_layouts,
)

__all__ = [
    "Amount",
    "Arrangement",
    "Layout",
    "Plan",
    "Recorder",
    "find_layout",
    "layout",
    "list_layouts",
]
