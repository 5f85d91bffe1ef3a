from .search import TuningResult, tune
from .space import Choice, Dimension, Range, parse_search
from .study import Evaluate, Finding, PrunedError, Report, Study, run_study

__all__ = [
    "Choice",
    "Dimension",
    "Evaluate",
    "Finding",
    "PrunedError",
    "Range",
    "Report",
    "Study",
    "TuningResult",
    "parse_search",
    "run_study",
    "tune",
]
