from .export import ExportResult, export_model
from .formats import Format, list_formats
from .parity import Parity, measure_parity

__all__ = [
    "ExportResult",
    "Format",
    "Parity",
    "export_model",
    "list_formats",
    "measure_parity",
]
