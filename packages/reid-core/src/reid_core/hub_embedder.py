"""Models on the hub for other packages: the entry point ``hub`` of ``reid.embedders``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reid_core.backbones.hub import is_on_hub, local_model

if TYPE_CHECKING:
    from reid_eval.embedders import Embedder

__all__ = ["hub"]


class _Hub:
    """Fetches what ``hf://owner/name`` names, and lets the plugin that knows it load it."""

    def claims(self, source: str) -> bool:
        """Whether ``source`` is named as one on the hub; nothing is fetched for that."""
        return is_on_hub(source)

    def load(self, source: str, *, device: torch.device) -> Embedder:
        """Load a checkpoint folder, or a file (``hf://owner/name/model.onnx``), of any plugin."""
        from reid_eval.embedders import load_embedder

        return load_embedder(local_model(source), device=device)


hub = _Hub()
