from .detections import Detections, Detector
from .detectors import create_detector, list_detectors
from .following import WatchOptions
from .result import BestFrame, PersonTrack, VideoTracks
from .tracker import Tracker, TrackerOptions
from .watching import watch

__all__ = [
    "BestFrame",
    "Detections",
    "Detector",
    "PersonTrack",
    "Tracker",
    "TrackerOptions",
    "VideoTracks",
    "WatchOptions",
    "create_detector",
    "list_detectors",
    "watch",
]
