from .arms import Arm, GeneratedSets, arms_of
from .comparing import Tested, compare_arms, table_of_arms
from .recipes import Mixing, with_generated
from .term import GeneratedIdentityTerm

__all__ = [
    "Arm",
    "GeneratedIdentityTerm",
    "GeneratedSets",
    "Mixing",
    "Tested",
    "arms_of",
    "compare_arms",
    "table_of_arms",
    "with_generated",
]
