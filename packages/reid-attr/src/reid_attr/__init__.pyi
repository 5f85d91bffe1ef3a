from .schema import Group, Schema
from .schema_files import list_schemas, load_schema, save_schema, schema_of_set

__version__: str

__all__ = [
    "Group",
    "Schema",
    "__version__",
    "list_schemas",
    "load_schema",
    "save_schema",
    "schema_of_set",
]
