from .decoding import decide, describe, probabilities_of
from .metrics import AttributeReport, attribute_report, choose_thresholds
from .models import (
    AttributeModel,
    AttributeOutput,
    create_attribute_model,
    load_attribute_model,
    save_attribute_model,
    set_finetuning,
)
from .recognizer import Recognizer, load_recognizer
from .schema import Group, Schema
from .schema_files import list_schemas, load_schema, save_schema, schema_of_set

__version__: str

__all__ = [
    "AttributeModel",
    "AttributeOutput",
    "AttributeReport",
    "Group",
    "Recognizer",
    "Schema",
    "__version__",
    "attribute_report",
    "choose_thresholds",
    "create_attribute_model",
    "decide",
    "describe",
    "list_schemas",
    "load_attribute_model",
    "load_recognizer",
    "load_schema",
    "probabilities_of",
    "save_attribute_model",
    "save_schema",
    "schema_of_set",
    "set_finetuning",
]
