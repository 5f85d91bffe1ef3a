from .cost import PartCost, count_cost
from .network import open_network
from .profiler import Profile, profile_network
from .speed import Speed, measure_speed

__all__ = [
    "PartCost",
    "Profile",
    "Speed",
    "count_cost",
    "measure_speed",
    "open_network",
    "profile_network",
]
