"""People who are not in the gallery: rates, errors, thresholds and probabilities."""

from reid_eval.open_set.calibration import Calibration, CalibrationMethod, calibrate
from reid_eval.open_set.detection import Detection, DetectionPoint
from reid_eval.open_set.evaluation import OpenSetReport, evaluate_open_set, hold_out
from reid_eval.open_set.pair_scores import PairScores, ScoreCounts, score_pairs
from reid_eval.open_set.verification import OperatingPoint, Verification

__all__ = [
    "Calibration",
    "CalibrationMethod",
    "Detection",
    "DetectionPoint",
    "OpenSetReport",
    "OperatingPoint",
    "PairScores",
    "ScoreCounts",
    "Verification",
    "calibrate",
    "evaluate_open_set",
    "hold_out",
    "score_pairs",
]
