from .counts import Counts, count
from .curves import Criterion, average_precisions, calibration_errors, choose_thresholds
from .report import AttributeReport, attribute_report

__all__ = [
    "AttributeReport",
    "Counts",
    "Criterion",
    "attribute_report",
    "average_precisions",
    "calibration_errors",
    "choose_thresholds",
    "count",
]
