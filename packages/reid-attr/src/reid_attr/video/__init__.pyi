from .detections import Detections, Detector
from .tracker import Tracker, TrackerOptions

__all__ = ["Detections", "Detector", "Tracker", "TrackerOptions"]
