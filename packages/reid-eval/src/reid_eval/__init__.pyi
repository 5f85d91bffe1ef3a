from .acceleration import accelerate, list_backends
from .embedders import Embedder, EmbedderPlugin, list_embedders, load_embedder, resolve_device
from .embeddings import Embeddings
from .evaluation import evaluate
from .exact_search import SearchResult, search
from .extraction import embed, embed_to
from .identification import Identification, identify
from .metrics import RetrievalReport, retrieval_metrics
from .regions import embed_boxes, embed_detections
from .report import write_report
from .views import Views

__version__: str

__all__ = [
    "Embedder",
    "EmbedderPlugin",
    "Embeddings",
    "Identification",
    "RetrievalReport",
    "SearchResult",
    "Views",
    "__version__",
    "accelerate",
    "embed",
    "embed_boxes",
    "embed_detections",
    "embed_to",
    "evaluate",
    "identify",
    "list_backends",
    "list_embedders",
    "load_embedder",
    "resolve_device",
    "retrieval_metrics",
    "search",
    "write_report",
]
