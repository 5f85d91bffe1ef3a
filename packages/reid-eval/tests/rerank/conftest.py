"""Features of made-up people: clusters, so that neighbourhoods mean something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
import torch
from torch import Tensor

People: TypeAlias = Callable[..., tuple[Tensor, Tensor, Tensor, Tensor]]


@pytest.fixture
def people() -> People:
    """Query and gallery features, (Q, D) and (G, D), and their identities."""

    def make(
        queries: int = 12, gallery: int = 90, *, seed: int = 0, dim: int = 16, noise: float = 0.8
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        generator = np.random.default_rng(seed)
        count = queries + gallery
        centers = generator.standard_normal((max(2, count // 12), dim))
        pids = generator.integers(len(centers), size=count)
        features = centers[pids] + noise * generator.standard_normal((count, dim))
        both = torch.from_numpy(features.astype(np.float32))
        ids = torch.from_numpy(pids)
        return both[:queries], both[queries:], ids[:queries], ids[queries:]

    return make
