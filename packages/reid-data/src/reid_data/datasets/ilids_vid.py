r"""iLIDS-VID: 300 people at an airport, one tracklet each in two cameras.

The layout, below the root or below one of the folder names that people give it::

    i-LIDS-VID/sequences/cam1/person001/cam1_person001_00317.png
    i-LIDS-VID/sequences/cam2/person001/cam2_person001_00273.png
    train-test people splits/train_test_splits_ilidsvid.mat

The matrix ``ls_set`` of the last one has ten rows, each an order of the people: numbers from 1 that
count the folders by name (the folders' own numbers have gaps). The first half of a row is tested,
the second half trains.

The protocol: camera 1 asks, camera 2 answers; results are the mean over the ten splits, so run it
with ``ilids_vid:split=0`` to ``split=9``.

Frames come by their number; a published reader took them in the order of the disk.
"""

from __future__ import annotations

from pathlib import Path

from reid_data.datasets.frames import tracklet_table
from reid_data.datasets.grammar import NameGrammar
from reid_data.datasets.listing import find_home, subfolders
from reid_data.datasets.mat_files import read_mat_integers
from reid_data.datasets.registry import register_dataset
from reid_data.records import DatasetInfo, Records

__all__ = ["ILIDS_NAMES", "read_ilids_vid"]

ILIDS_NAMES = NameGrammar(
    r"cam(?P<camid>[12])_person(?P<pid>\d{1,9})_(?P<frame>\d{1,18})",
    "cam1_person001_00317.png",
    "camera, person, frame",
)
"""How iLIDS-VID names images."""

_SPLITS = "train-test people splits/train_test_splits_ilidsvid.mat"


@register_dataset(
    DatasetInfo(
        name="ilids_vid",
        url="https://xiatian-zhu.github.io/downloads_qmul_iLIDS-VID_ReID_dataset.html",
        licence="no licence text is published; cut from the Home Office's i-LIDS videos",
        citation="Wang et al., Person Re-Identification by Video Ranking, ECCV 2014",
        counts={"train": (150, None), "query": (150, None), "gallery": (150, None)},
        note="300 people, 600 tracklets; results are the mean over split=0 to split=9",
    )
)
def read_ilids_vid(root: Path, *, split: int = 0) -> Records:
    """Read iLIDS-VID (see the module) from its folder or the one above.

    Args:
        root: the folder.
        split: which row of ``ls_set``, from 0.

    Raises:
        ValueError: a folder or the splits are missing, they do not fit, or there is no such split.
    """
    aliases = ("ilids-vid", "iLIDS-VID", "iLIDS", "ilids_vid")
    home = find_home(root, ("i-LIDS-VID/sequences", _SPLITS), aliases=aliases)
    sequences = home / "i-LIDS-VID" / "sequences"
    people = subfolders(sequences / "cam1")
    if people != subfolders(sequences / "cam2"):
        raise ValueError(f"expected the same people in {sequences}/cam1 and {sequences}/cam2")
    tested = _tested(home / _SPLITS, people, split=split)
    table = tracklet_table(
        home,
        [
            (
                f"i-LIDS-VID/sequences/cam{camera}/{person}",
                {"split": role if person in tested else "train"},
            )
            for camera, role in ((1, "query"), (2, "gallery"))
            for person in people
        ],
        columns=["split"],
    )
    names = ILIDS_NAMES.table(home, [Path(path).name for path in table["path"]])
    return Records(table.assign(pid=names["pid"], camid=names["camid"]), home)


def _tested(path: Path, people: list[str], *, split: int) -> set[str]:
    orders = read_mat_integers(path, "ls_set", dimensions=2)
    if not 0 <= split < len(orders):
        raise ValueError(f"split must be 0 to {len(orders) - 1}, came {split}")
    order = orders[split]
    if sorted(order) != list(range(1, len(people) + 1)):
        raise ValueError(
            f"{path} orders {len(order)} people, there are {len(people)} folders; expected each of "
            f"1 to {len(people)} once in row {split + 1}"
        )
    return {people[number - 1] for number in order[: len(order) // 2]}
