"""The verb ``reid-core doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reid_data.console import Json, progress, show

if TYPE_CHECKING:
    from reid_core.doctor import Checkup

__all__ = ["doctor"]


def doctor(as_json: Json = False) -> int:
    """Print versions, devices, runtimes and what is missing, with the command that installs it.

    Exit code 1 says that something is missing or broken that an installed package always needs.
    """
    from reid_core.doctor import check_machine
    from reid_core.doctor.parts import HOUSE

    with progress("importing", total=len(HOUSE)) as advance:
        found = check_machine(advance=advance)
    if as_json:
        show([], as_json=True, payload=found.to_dict())
    else:
        _show_tables(found)
    return 0 if found.works else 1


def _show_tables(found: Checkup) -> None:
    versions = found.versions.items()
    show([{"what": name, "version": each or "not installed"} for name, each in versions])
    show(
        [
            {
                "device": each.name,
                "what": each.what,
                "memory": "" if each.memory_gb is None else f"{each.memory_gb} GB",
            }
            for each in found.devices
        ]
    )
    show(
        [
            {"runtime": each.name, "works": "yes" if each.works else "no", "": each.said}
            for each in found.runtimes
        ]
    )
    show(
        [
            {
                "package": group.package,
                "extra": group.extra or "(always needed)",
                "works": "yes" if group.works else "no",
                "missing or broken": "\n".join(
                    f"{part.name} {part.version} {part.state}: {part.said}"
                    for part in group.parts
                    if part.state != "fine"
                ),
                "install": "" if group.works else group.install,
            }
            for group in found.groups
        ]
    )
