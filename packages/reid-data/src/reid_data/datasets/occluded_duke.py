"""Occluded-Duke: DukeMTMC-reID divided anew, so that something hides part of every query.

The layout and the names are those of `reid_data.datasets.dukemtmc_reid`; the authors publish lists
of names and a script that copies the images, never the images.

The protocol: as DukeMTMC-reID. Every query and a tenth of the gallery are occluded.
"""

from __future__ import annotations

from pathlib import Path

from reid_data.datasets.dukemtmc_reid import read_duke_layout
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["read_occluded_duke"]


@register_dataset(
    DatasetInfo(
        name="occluded_duke",
        url="https://github.com/lightas/Occluded-DukeMTMC-Dataset",
        licence="derived from DukeMTMC-reID, which was withdrawn by its owners in 2019",
        citation="Miao et al., Pose-Guided Feature Alignment for Occluded Person "
        "Re-identification, ICCV 2019",
        counts={"train": (702, 15618), "query": (519, 2210), "gallery": (1110, 17661)},
        note="made of a WITHDRAWN data set; do not use it for new work",
    )
)
def read_occluded_duke(root: Path) -> Records:
    """Read Occluded-Duke (see the module) from its folder or the one above.

    Raises:
        ValueError: a folder is missing or empty, or a name does not fit.
    """
    return read_duke_layout(root, aliases=("Occluded_Duke", "Occluded-DukeMTMC", "occluded_duke"))
