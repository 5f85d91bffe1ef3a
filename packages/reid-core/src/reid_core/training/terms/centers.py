"""Losses with learned centers of the identities, which move at a pace of their own."""

from __future__ import annotations

from typing import Annotated, Unpack

import torch
from pydantic import Field
from torch import Tensor, nn

from reid_core.losses import center_loss, osm_caa_loss
from reid_core.models import ReidOutput
from reid_core.training.terms.term import FromLoop, Layer, Term, term_registry
from reid_data import Batch

__all__ = ["CenterTerm", "OsmCaaTerm"]

_Positive = Annotated[float, Field(gt=0)]


@term_registry.register("center")
class CenterTerm(Term):
    """Center loss on the feature in front of the BNNeck, with centers that learn at their own pace.

    The published rule moves the centers by SGD with the gradient of the *unweighted* loss, however
    small the term's weight is. So the value is computed twice, once for the features and once,
    divided by the weight and with its own value taken away again, for the centers.

    Args:
        lr: learning rate of the centers.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`; the weight is that of the features only.

    Source:
        Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition",
        ECCV 2016; learning rate and weight as in Luo et al. 2019.
    """

    per_identity = True

    def __init__(
        self, *, lr: _Positive = 0.5, layer: Layer = "feature", **loop: Unpack[FromLoop]
    ) -> None:
        super().__init__(**loop)
        self.lr = lr
        self.layer: Layer = layer
        self.centers = nn.Parameter(torch.randn(self.num_classes, self.embedding_size))

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """Center loss of vectors (B, D); its gradient for the centers is unscaled."""
        vectors, labels = getattr(output, self.layer), self.labels(batch)
        value = center_loss(vectors, labels, self.centers.detach())
        return value + self._pull(vectors, labels) / self.weight

    def _pull(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Zero, with the gradient that moves the centers."""
        pull = center_loss(vectors.detach(), labels, self.centers)
        return pull - pull.detach()

    def own_optimizer(self) -> torch.optim.Optimizer:
        """Plain SGD on the centers, untouched by the schedule."""
        return torch.optim.SGD([self.centers], lr=self.lr)


@term_registry.register("osm_caa")
class OsmCaaTerm(CenterTerm):
    """Soft mining with class-aware attention to centers, see [`osm_caa_loss`][reid_core.losses].

    The centers are those of a center loss and learn by it alone, unscaled as in `CenterTerm`; that
    loss is a part of this term.

    Args:
        alpha: beyond this distance strangers count for nothing.
        sigma: width of the weight of images of one person.
        balance: share of the strangers' side.
        temperature: of the attention to centers.
        center_weight: factor of the center loss within this term.
        lr: learning rate of the centers.
        layer: ``feature`` in front of the BNNeck, or ``embedding`` behind it.
        loop: see `FromLoop`.

    Source:
        Wang et al., "Deep Metric Learning by Online Soft Mining and Class-Aware Attention", AAAI
        2019; centers as class vectors as in arXiv 2011.13475.
    """

    gathers = True

    def __init__(
        self,
        *,
        alpha: _Positive = 1.2,
        sigma: _Positive = 0.8,
        balance: Annotated[float, Field(ge=0, le=1)] = 0.5,
        temperature: _Positive = 1.0,
        center_weight: Annotated[float, Field(ge=0)] = 5e-4,
        lr: _Positive = 0.5,
        layer: Layer = "feature",
        **loop: Unpack[FromLoop],
    ) -> None:
        super().__init__(lr=lr, layer=layer, **loop)
        self.alpha, self.sigma, self.balance = alpha, sigma, balance
        self.temperature = temperature
        self.center_weight = center_weight

    def forward(self, output: ReidOutput, batch: Batch) -> Tensor:
        """OSM-CAA plus the weighted center loss of vectors (B, D)."""
        vectors, labels = getattr(output, self.layer), self.labels(batch)
        centers = self.centers.detach()
        mined = osm_caa_loss(
            vectors,
            labels,
            centers,
            alpha=self.alpha,
            sigma=self.sigma,
            balance=self.balance,
            temperature=self.temperature,
        )
        value = mined + self.center_weight * center_loss(vectors, labels, centers)
        return value + self._pull(vectors, labels) / self.weight
