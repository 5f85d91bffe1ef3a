from .embedders import Embedder, EmbedderPlugin, list_embedders, load_embedder, resolve_device
from .embeddings import Embeddings
from .evaluation import evaluate
from .exact_search import SearchResult, search
from .extraction import embed
from .identification import Identification, identify
from .metrics import RetrievalReport, retrieval_metrics
from .report import write_report

__version__: str

__all__ = [
    "Embedder",
    "EmbedderPlugin",
    "Embeddings",
    "Identification",
    "RetrievalReport",
    "SearchResult",
    "__version__",
    "embed",
    "evaluate",
    "identify",
    "list_embedders",
    "load_embedder",
    "resolve_device",
    "retrieval_metrics",
    "search",
    "write_report",
]
