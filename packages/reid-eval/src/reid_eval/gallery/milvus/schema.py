"""The collection that a gallery is in Milvus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reid_eval.metrics.options import Metric

if TYPE_CHECKING:
    from pymilvus import MilvusClient

__all__ = ["make_collection"]

_TEXT = 65535


def make_collection(client: MilvusClient, name: str, dimension: int, metric: Metric) -> None:
    """Make and load an empty collection with an exact index, strongly consistent."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("features", DataType.FLOAT_VECTOR, dim=dimension)
    for column in ("pid", "camid", "tracklet"):
        schema.add_field(column, DataType.INT64)
    schema.add_field("timestamp", DataType.DOUBLE)
    for column in ("path", "image"):
        schema.add_field(column, DataType.VARCHAR, max_length=_TEXT)
    schema.add_field("attributes", DataType.JSON)
    index = client.prepare_index_params()
    kind = "COSINE" if metric == "cosine" else "L2"
    index.add_index("features", index_type="FLAT", metric_type=kind)
    client.create_collection(name, schema=schema, index_params=index, consistency_level="Strong")
    client.load_collection(name)
