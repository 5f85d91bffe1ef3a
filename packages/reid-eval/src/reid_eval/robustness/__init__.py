"""Evaluation on images that get worse, level by level."""

from reid_eval.robustness.evaluation import (
    DegradedResult,
    DegradedSide,
    embed_degraded,
    measure_robustness,
)
from reid_eval.robustness.levels import DEGRADATIONS, Degradation, Level, parse_levels

__all__ = [
    "DEGRADATIONS",
    "Degradation",
    "DegradedResult",
    "DegradedSide",
    "Level",
    "embed_degraded",
    "measure_robustness",
    "parse_levels",
]
