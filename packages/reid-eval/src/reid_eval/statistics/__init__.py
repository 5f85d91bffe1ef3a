"""How sure an evaluation is: intervals, paired comparison, slices."""

from reid_eval.statistics.bootstrap import Interval, IntervalMethod, bootstrap_intervals
from reid_eval.statistics.changes import ChangedQuery, most_changed
from reid_eval.statistics.intervals import confidence_intervals
from reid_eval.statistics.paired import Change, Comparison, compare
from reid_eval.statistics.poses import PairKind, PoseDistances, pose_distances
from reid_eval.statistics.results import QueryResults
from reid_eval.statistics.slices import Slice, slice_report
from reid_eval.statistics.slicings import BUILT_IN_SLICINGS, read_sidecar

__all__ = [
    "BUILT_IN_SLICINGS",
    "Change",
    "ChangedQuery",
    "Comparison",
    "Interval",
    "IntervalMethod",
    "PairKind",
    "PoseDistances",
    "QueryResults",
    "Slice",
    "bootstrap_intervals",
    "compare",
    "confidence_intervals",
    "most_changed",
    "pose_distances",
    "read_sidecar",
    "slice_report",
]
