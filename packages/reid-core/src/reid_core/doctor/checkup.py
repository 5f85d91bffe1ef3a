"""Everything that the doctor looks at, in one result."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from reid_core.doctor.machine import Device, Runtime, list_devices, list_runtimes
from reid_core.doctor.parts import HOUSE, Group, check_parts

__all__ = ["Checkup", "check_machine"]

_PARTS = ("torch", "torchvision", "timm", "lightning", "numpy", "pandas")


@dataclass(frozen=True)
class Checkup:
    """What was found.

    Attributes:
        versions: of Python, the system, the packages of the house and what they stand on; empty
            where something is not installed.
        devices: that torch computes on.
        runtimes: that verbs can use.
        groups: what each package declares, extra by extra.
    """

    versions: dict[str, str]
    devices: list[Device]
    runtimes: list[Runtime]
    groups: list[Group]

    @property
    def works(self) -> bool:
        """Whether everything that an installed package always needs does."""
        return all(group.works for group in self.groups if not group.extra)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        groups = [
            {**asdict(group), "works": group.works, "install": group.install}
            for group in self.groups
        ]
        return {**asdict(self), "groups": groups, "works": self.works}


def check_machine(*, advance: Callable[[int], None] | None = None) -> Checkup:
    """Look at versions, devices, runtimes and what the packages declare; imports all of it.

    Args:
        advance: is called with 1 after each package of the house.
    """
    system = {"python": platform.python_version(), "system": platform.platform()}
    versions = system | {name: _version(name) for name in (*HOUSE, *_PARTS)}
    groups = check_parts(advance=advance)
    return Checkup(versions, list_devices(), list_runtimes(), groups)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
