from .importer import Imported, import_model
from .known import list_sources, sources
from .translation import Source, Translation

__all__ = [
    "Imported",
    "Source",
    "Translation",
    "import_model",
    "list_sources",
    "sources",
]
