"""Models on the hub, whoever's they are: the entry point ``hub`` of ``reid.embedders``."""

from __future__ import annotations

import torch

from reid_data.hub import is_on_hub, local_model
from reid_eval.embedders import Embedder, load_embedder

__all__ = ["hub"]


class _Hub:
    """Fetches what ``hf://owner/name`` names, and lets the plugin that knows it load it."""

    def claims(self, source: str) -> bool:
        """Whether ``source`` is named as one on the hub; nothing is fetched for that."""
        return is_on_hub(source)

    def load(self, source: str, *, device: torch.device) -> Embedder:
        """Load a checkpoint folder, or a file (``hf://owner/name/model.onnx``), of any plugin."""
        return load_embedder(local_model(source), device=device)


hub = _Hub()
