"""The graph network that says which neighbours show the pivot's identity (L-GCN)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reid_gen.purifying.subgraphs import Subgraphs

__all__ = ["LinkGCN", "mean_aggregation"]

_WIDTHS = (512, 512, 256, 256)


def mean_aggregation(features: Tensor, adjacency: Tensor) -> Tensor:
    """The mean of each node's neighbours; zero for a node that has none.

    Args:
        features: (B, M, D).
        adjacency: (B, R, M), the rows of those nodes that are wanted.

    Returns:
        (B, R, D).
    """
    degree = adjacency.sum(dim=2, keepdim=True).clamp_min(1)
    return (adjacency @ features) / degree


class _GraphLayer(nn.Module):
    """``relu([X | A X] W + b)``."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * inputs, outputs)
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        around = mean_aggregation(features, adjacency)
        own = features[:, : adjacency.shape[1]]
        return torch.relu(self.linear(torch.cat([own, around], dim=2)))


class LinkGCN(nn.Module):
    """Batch norm over true nodes, four graph layers, and a classifier of the pivot's neighbours.

    Args:
        dimension: D of the embeddings.
        widths: of the graph layers.

    Source: Wang et al., Linkage Based Face Clustering via Graph Convolution Network, CVPR 2019.
    """

    def __init__(self, dimension: int, *, widths: tuple[int, ...] = _WIDTHS) -> None:
        super().__init__()
        self.dimension, self.widths = dimension, tuple(widths)
        self.norm = nn.BatchNorm1d(dimension, affine=False)
        sizes = (dimension, *widths)
        self.layers = nn.ModuleList(
            _GraphLayer(inputs, outputs) for inputs, outputs in zip(sizes, widths, strict=False)
        )
        last = widths[-1]
        self.classifier = nn.Sequential(nn.Linear(last, last), nn.PReLU(last), nn.Linear(last, 2))

    def forward(self, subgraphs: Subgraphs) -> Tensor:
        """Logits (B, k1, 2) of "another identity" and "the pivot's", padding included.

        Raises:
            ValueError: the embeddings have another size.
        """
        features, mask, near = subgraphs.features, subgraphs.mask, subgraphs.near
        if features.shape[2] != self.dimension:
            raise ValueError(
                f"this GCN takes embeddings of {self.dimension} numbers, came {features.shape[2]}; "
                "train one for these with reid-gen train-gcn"
            )
        # Padding has no part in the statistics.
        hidden = torch.zeros_like(features)
        hidden[mask] = self.norm(features[mask])
        for layer in self.layers[:-1]:
            hidden = layer(hidden, subgraphs.adjacency)
        # Only the neighbours are judged, so the last layer looks at nobody else.
        hidden = self.layers[-1](hidden, subgraphs.adjacency[:, :near])
        logits: Tensor = self.classifier(hidden.flatten(0, 1))
        return logits.reshape(*hidden.shape[:2], 2)
