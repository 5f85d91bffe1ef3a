from .checkup import Checkup, check_machine
from .machine import Device, Runtime, list_devices, list_runtimes
from .parts import Group, Part, check_parts

__all__ = [
    "Checkup",
    "Device",
    "Group",
    "Part",
    "Runtime",
    "check_machine",
    "check_parts",
    "list_devices",
    "list_runtimes",
]
