"""People of tracking sequences: MOT17, MOT20, DanceTrack, SportsMOT and others in their layout.

Sequences are frames with boxes; re-identification needs crops. ``reid-data crops --root MOT17 --out
D`` cuts them out once (see `reid_data.tracking.cutting`), with identity, tracklet, frame, time and
visibility, and this reads what it wrote.

Nobody is seen in two sequences, and the camera is unknown, so an image may be found from any other
of the same walk: ``Records.as_query_gallery`` makes a test out of it.
"""

from __future__ import annotations

from pathlib import Path

from reid_data.datasets.listing import contents
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["read_mot_sequences"]

_TABLE = "records.parquet"


@register_dataset(
    DatasetInfo(
        name="mot_sequences",
        url="https://motchallenge.net",
        licence="MOT17, MOT20: CC BY-NC-SA 3.0; DanceTrack, SportsMOT: non-commercial research",
        citation="Milan et al., MOT16, 2016; Dendorfer et al., MOT20, 2020; Sun et al., "
        "DanceTrack, CVPR 2022; Cui et al., SportsMOT, ICCV 2023",
        note="cut the people out of the frames first: reid-data crops --root MOT17 --out FOLDER",
    )
)
def read_mot_sequences(root: Path) -> Records:
    """Read the crops that ``reid-data crops`` wrote (see the module).

    Raises:
        ValueError: these are no such crops.
    """
    if not (root / _TABLE).is_file():
        found = contents(root) if root.is_dir() else "a file"
        raise ValueError(
            f"expected crops with their {_TABLE} in {root}, found: {found}; cut them out of "
            f"tracking sequences with: reid-data crops --root {root} --out FOLDER"
        )
    return Records.from_parquet(root / _TABLE)
