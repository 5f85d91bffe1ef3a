"""How far a product of features may be from the exact score.

With unit roundoff u = 2^-24, a float32 dot product of length D is off by at most
``D u |q|.|g| <= D u ||q|| ||g||`` for *any* order of summation, with or without fused
multiply-add (Jeannerod and Rump, "Improved error bounds for inner products in floating-point
arithmetic", SIAM J. Matrix Anal. Appl. 34, 2013), plus ``D 2^-126`` where products underflow, be
they flushed to zero or not. This holds for every conventional matrix product; it would not hold
for a Strassen-like one, which no BLAS that torch uses applies to float32. Scaling, biasing and
rounding the thresholds to float32 add a few more u. The rounding of the exact scores themselves,
2^-53 relative, disappears in the allowance.

Where too many pairs stay undecided, as with features that are all alike, the product is made in
float64 instead: the same bound with u = 2^-53, in which the exact score's own rounding then has
its share.

Where the factors of a product are rounded, to ``q + dq`` and ``g + dg``, the bound widens by
``||dq|| ||g|| + ||q|| ||dg|| + ||dq|| ||dg||`` (Cauchy-Schwarz), so results stay exact and only
more pairs are scored twice. For bfloat16 factors the lengths of those residues are measured; where
torch was told to round factors itself (TF32 on a GPU, bfloat16 on a CPU), they are bounded. A
product that is itself rounded to bfloat16 is off by 2^-8 of its size more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid_eval.metrics.options import Metric

__all__ = [
    "BFLOAT16",
    "DOUBLE",
    "LARGEST_NORM",
    "SINGLE",
    "LinearForm",
    "linear_form",
    "product_roundoff",
    "residue",
]

_Floats = npt.NDArray[np.float64]

LARGEST_NORM = 1e15
"""Feature norms up to here cannot overflow a float32 product of two rows."""

BFLOAT16, SINGLE, DOUBLE = 2.0**-8, 2.0**-24, 2.0**-53
"""Unit roundoff of a product."""

_UNDERFLOW = 2.0**-126
_TINY_NORM = 1e-30  # its reciprocal, and that times any permitted norm, are float32 numbers
_ALLOWANCE, _EUCLIDEAN_ALLOWANCE = 16, 8
_SQUARES_UNDERFLOW = 2.0**-63  # what is shorter may vanish when squared in float32
# Error of one product of two factors that are rounded, or at worst truncated, to TF32 or bfloat16.
_ROUNDED_FACTORS = {"tf32": 2.0**-9, "bf16": 2.0**-6}


class LinearForm(NamedTuple):
    """See `GalleryBlock`."""

    scale: _Floats
    bias: _Floats
    factor: _Floats
    shift: _Floats
    slack: _Floats


def residue(rows: Tensor, rounded: Tensor, norms: _Floats) -> _Floats:
    """How long, at most, the rounding of each row is beside the row: ``||dx|| / ||x||``.

    Args:
        rows: ``(n, D)`` float32.
        rounded: ``(n, D)`` the same in bfloat16; their difference is a float32 number.
        norms: ``(n,)`` of the rows.

    Returns:
        ``(n,)``; 0 for a row of zeros.
    """
    dim = rows.shape[1]
    lengths = torch.linalg.vector_norm(rows - rounded, dim=1).double().cpu().numpy()
    most = lengths * (1 + (dim + _ALLOWANCE) * SINGLE) + np.sqrt(dim) * _SQUARES_UNDERFLOW
    shares: _Floats = np.divide(most, norms, out=np.zeros_like(norms), where=norms > 0)
    return shares


def product_roundoff(device: torch.device) -> float:
    """Relative error of the factors of a float32 matrix product under torch's settings."""
    backend = torch.backends.cuda if device.type == "cuda" else torch.backends.mkldnn
    return _ROUNDED_FACTORS.get(str(backend.matmul.fp32_precision), 0.0)


def linear_form(
    metric: Metric,
    query_squares: _Floats,
    gallery_squares: _Floats,
    *,
    dim: int,
    roundoff: float | _Floats,
    unit: float = SINGLE,
    grain: float = 0.0,
) -> LinearForm:
    """Relate products ``s`` of a query and a gallery block to their exact scores.

    - cosine: ``s / ||g||`` is about ``score ||q||``
    - euclidean: ``2 s - ||g||^2`` is about ``score + ||q||^2``

    Args:
        metric: which.
        query_squares: ``(Q,)`` squared norms.
        gallery_squares: ``(B,)`` squared norms.
        dim: the number of columns, ``D``.
        roundoff: relative error of a product of rounded factors, one for all or ``(Q,)``.
        unit: unit roundoff of the sums, `SINGLE` or `DOUBLE`.
        grain: unit roundoff of the result, if it is coarser; see `GalleryBlock`.
    """
    query_norms, gallery_norms = np.sqrt(query_squares), np.sqrt(gallery_squares)
    # In float64 the exact score's own sum, at most as long, rounds as coarsely.
    length = dim if unit == SINGLE else 2 * dim
    relative = (length + _ALLOWANCE) * unit * (1 + roundoff) + roundoff
    if metric == "euclidean":
        largest = float(gallery_norms.max())
        slack = 2 * relative * query_norms * largest + _EUCLIDEAN_ALLOWANCE * unit * (
            largest**2 + query_squares
        )
        return LinearForm(
            scale=np.full_like(gallery_squares, 2.0),
            bias=-gallery_squares,
            factor=np.ones_like(query_squares),
            shift=query_squares,
            slack=(slack + 4 * dim * _UNDERFLOW) * (1 + grain) + grain * largest**2,
        )
    present = gallery_norms > _TINY_NORM
    tiny = bool(((gallery_norms > 0) & ~present).any())
    smallest = float(gallery_norms[present].min(initial=1.0))
    slack = (relative * query_norms + 2 * dim * _UNDERFLOW / smallest) * (1 + grain)
    scale = np.zeros_like(gallery_norms)
    np.divide(1.0, gallery_norms, out=scale, where=present)
    return LinearForm(
        scale=scale,
        bias=np.zeros_like(gallery_norms),
        factor=query_norms,
        shift=np.zeros_like(query_norms),
        # A row too small to divide by is scaled to 0: anything up to the query's norm is possible.
        slack=2 * query_norms + slack if tiny else slack,
    )
