"""Names that the shell completes on Tab, found without importing what they name.

A shell starts a new process for every Tab, so neither torch nor pandas may be imported for an
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

__all__ = ["ATTRIBUTE_SETS", "DATA_SETS", "complete_data", "complete_recipe"]

_DATA_SETS = """
    ccvid celeb_reid coco_json csv cuhk01 cuhk03 deepchange dukemtmc_reid dukemtmc_videoreid folder
    grid ilids_vid last ltcc market1501 mars mot17_reid mot_sequences msmt17 ntu occluded_duke
    occluded_reid prcc prid2011 prw vc_clothes vehicleid veri776 viper vric
"""
_ATTRIBUTE_SETS = """
    dataset_all duke_attributes market_attributes native pa100k peta rap1 rap2 upar
"""

# A test holds both to what the registries know.
DATA_SETS = tuple(_DATA_SETS.split())
ATTRIBUTE_SETS = tuple(_ATTRIBUTE_SETS.split())


def complete_data(incomplete: str) -> list[str]:
    """Names that what is typed after ``--data`` may become; of several with ``+``, the last one.

    Examples:
        >>> complete_data("market1501+ms")
        ['market1501+msmt17']
    """
    before, plus, begun = incomplete.rpartition("+")
    names = (*DATA_SETS, *ATTRIBUTE_SETS)
    return [f"{before}{plus}{name}" for name in names if name.startswith(begun)]


def complete_recipe(package: str) -> Callable[[str], list[str]]:
    """What completes the recipes that come with an import package.

    Args:
        package: such as ``"reid_core"``; it is looked for, not imported.
    """

    def complete(incomplete: str) -> list[str]:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            return []
        names = (file.stem for file in (Path(spec.origin).parent / "recipes").glob("*.yaml"))
        return sorted(name for name in names if name.startswith(incomplete))

    return complete
