"""The layout of MSMT17, in both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .contents import text_file
from .registry import Arrangement, Plan, layout
from .tracks import numbered, of_splits

if TYPE_CHECKING:
    from ..plan import Shot

__all__ = ["msmt17"]

_FOLDERS = {"v1": ("train", "test", ""), "v2": ("mask_train_v2", "mask_test_v2", "_ex")}
_HOUR = 90_000
_TIMES = ("morning", "noon", "afternoon")
_VALIDATION = 12


@layout("msmt17")
def msmt17(plan: Plan, *, version: Literal["v1", "v2"] = "v1") -> Arrangement:
    """MSMT17: people numbered from 0 twice; lists with CRLF, blanks at the end and an empty line.

    Args:
        plan: what is written; with 10 cameras or more their numbers have two digits.
        version: names of the folders and ends of the names.
    """
    train, test, end = _FOLDERS[version]
    training = of_splits(plan.shots, "train")
    # A twelfth of the training images, at least one.
    last = len(training) - 1
    held_out = {at for at in range(last + 1) if at % _VALIDATION == min(last, _VALIDATION - 1)}
    lists = {
        "train": [shot for at, shot in enumerate(training) if at not in held_out],
        "val": [shot for at, shot in enumerate(training) if at in held_out],
        "query": of_splits(plan.shots, "query"),
        "gallery": of_splits(plan.shots, "gallery"),
    }
    numbers = {
        shot: number for number, shot in numbered(plan.shots, [shot.pid for shot in plan.shots])
    }
    images: list[tuple[str, Shot]] = []
    files = {}
    for name, shots in lists.items():
        folder, before = (train, 1) if name in ("train", "val") else (test, None)
        first = before or plan.amounts["identities"] + 1
        lines = []
        for shot in shots:
            label = shot.pid - first
            path = f"{label:04d}/{label:04d}_{_rest(shot, numbers[shot])}{end}.jpg"
            images.append((f"{folder}/{path}", shot))
            lines.append(f"{path} {label}")
        content = text_file(lines, end="\r\n").removesuffix(b"\r\n")
        files[f"list_{name}.txt"] = content + b" \r\n\r\n"
    return Arrangement(images, files)


def _rest(shot: Shot, number: int) -> str:
    session = f"0303{_TIMES[shot.frame * len(_TIMES) // _HOUR % len(_TIMES)]}"
    return f"{number:03d}_{shot.camid:02d}_{session}_{shot.frame:04d}_{shot.index % 3}"
