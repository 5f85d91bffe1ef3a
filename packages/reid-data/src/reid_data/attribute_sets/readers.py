"""All readers of attribute tables; importing them makes their names known."""

from __future__ import annotations

from reid_data.attribute_sets.identity_attributes import (
    read_duke_attributes,
    read_market_attributes,
)
from reid_data.attribute_sets.native_sharif import read_native
from reid_data.attribute_sets.pa100k import read_pa100k
from reid_data.attribute_sets.peta import read_peta
from reid_data.attribute_sets.rap import read_rap
from reid_data.attribute_sets.shared_pickle import read_attribute_pickle
from reid_data.attribute_sets.upar import read_upar

__all__ = [
    "read_attribute_pickle",
    "read_duke_attributes",
    "read_market_attributes",
    "read_native",
    "read_pa100k",
    "read_peta",
    "read_rap",
    "read_upar",
]
