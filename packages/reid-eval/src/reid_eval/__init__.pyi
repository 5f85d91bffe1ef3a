from .acceleration import accelerate, list_backends
from .embedders import Embedder, EmbedderPlugin, list_embedders, load_embedder, resolve_device
from .embeddings import Embeddings
from .evaluation import ProtocolResult, evaluate, evaluate_protocol
from .exact_search import SearchResult, search
from .extraction import embed, embed_to
from .gallery import Filter, Gallery, GalleryInfo, Hits, IndexReport
from .identification import Identification, identify
from .metrics import RetrievalReport, retrieval_metrics
from .open_set import Calibration, calibrate, evaluate_open_set
from .protocols import centroids, list_protocols, make_protocol
from .regions import embed_boxes, embed_detections
from .report import write_report
from .reranking import parse_reranking
from .scoring import Scoring
from .statistics import QueryResults, compare, confidence_intervals, slice_report
from .views import Views

__version__: str

__all__ = [
    "Calibration",
    "Embedder",
    "EmbedderPlugin",
    "Embeddings",
    "Filter",
    "Gallery",
    "GalleryInfo",
    "Hits",
    "Identification",
    "IndexReport",
    "ProtocolResult",
    "QueryResults",
    "RetrievalReport",
    "Scoring",
    "SearchResult",
    "Views",
    "__version__",
    "accelerate",
    "calibrate",
    "centroids",
    "compare",
    "confidence_intervals",
    "embed",
    "embed_boxes",
    "embed_detections",
    "embed_to",
    "evaluate",
    "evaluate_open_set",
    "evaluate_protocol",
    "identify",
    "list_backends",
    "list_embedders",
    "list_protocols",
    "load_embedder",
    "make_protocol",
    "parse_reranking",
    "resolve_device",
    "retrieval_metrics",
    "search",
    "slice_report",
    "write_report",
]
