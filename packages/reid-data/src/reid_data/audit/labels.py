"""Labels that an embedding contradicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reid_data.records import Ids, Records

__all__ = ["TEST_SPLITS", "TRAIN_SPLITS", "Suspicion", "is_test", "suspicious_labels"]

TRAIN_SPLITS = ("train", "val")
TEST_SPLITS = ("query", "gallery", "distractor", "junk")
_NOBODY = ("distractor", "junk")
_BLOCK = 4096


@dataclass(frozen=True)
class Suspicion:
    """An image that lies nearer to another identity than to the rest of its own.

    Attributes:
        row: row of the records.
        path: the image, relative to the root.
        pid: whom it is said to show.
        looks_like: the identity it lies nearest to.
        own_similarity: cosine to the mean of the other images of its identity.
        other_similarity: cosine to the mean of the nearest other identity.
    """

    row: int
    path: str
    pid: int
    looks_like: int
    own_similarity: float
    other_similarity: float


def is_test(records: Records) -> npt.NDArray[np.bool_]:
    """Which rows belong to the test side (query, gallery, distractor, junk), ``(N,)``."""
    return records.table["split"].isin(TEST_SPLITS).to_numpy(dtype=bool)


def suspicious_labels(
    records: Records, features: npt.ArrayLike, *, margin: float = 0.0
) -> list[Suspicion]:
    """Find images that are nearer to another identity than to their own.

    Each image is compared with the mean of the *other* images of its identity, so it cannot vouch
    for itself, and with the means of all other identities of its side (train and val, or test).
    Distractors and junk are nobody, and an identity with one image has no rest to compare with:
    both are passed over.

    Args:
        records: ``N`` images.
        features: embeddings ``(N, D)``, normalised or not, in the order of the records.
        margin: by how much the other identity must be nearer, in cosine.

    Returns:
        The worst first.

    Raises:
        ValueError: the features are not a finite ``(N, D)`` array.
    """
    vectors = _normalised(features, len(records))
    side = is_test(records)
    nobody = records.table["split"].isin(_NOBODY).to_numpy(dtype=bool)
    found: list[Suspicion] = []
    for chosen in (~side & ~nobody, side & ~nobody):
        rows = np.flatnonzero(chosen)
        if len(rows):
            found += _suspicious(records, vectors, rows, margin=margin)
    return sorted(found, key=lambda item: item.own_similarity - item.other_similarity)


def _suspicious(
    records: Records, vectors: npt.NDArray[np.float32], rows: Ids, *, margin: float
) -> list[Suspicion]:
    pids, labels = np.unique(records.pids[rows], return_inverse=True)
    labels = labels.reshape(-1)
    counts = np.bincount(labels)
    sums = np.zeros((len(pids), vectors.shape[1]), dtype=np.float64)
    np.add.at(sums, labels, vectors[rows])
    means = _unit(sums).astype(np.float32)
    paths = records.table["path"]
    found: list[Suspicion] = []
    for start in range(0, len(rows), _BLOCK):
        block, own = rows[start : start + _BLOCK], labels[start : start + _BLOCK]
        mine = vectors[block]
        rest = _unit(sums[own] - mine)
        own_similarity = np.einsum("nd,nd->n", rest, mine)
        others = mine @ means.T
        others[np.arange(len(block)), own] = -np.inf
        nearest = others.argmax(axis=1)
        other_similarity = others[np.arange(len(block)), nearest]
        odd = (counts[own] > 1) & (other_similarity > own_similarity + margin)
        found += [
            Suspicion(
                row=int(block[at]),
                path=str(paths.iloc[int(block[at])]),
                pid=int(pids[own[at]]),
                looks_like=int(pids[nearest[at]]),
                own_similarity=round(float(own_similarity[at]), 4),
                other_similarity=round(float(other_similarity[at]), 4),
            )
            for at in np.flatnonzero(odd)
        ]
    return found


def _normalised(features: npt.ArrayLike, count: int) -> npt.NDArray[np.float32]:
    values = np.asarray(features)
    if values.ndim != 2 or len(values) != count or values.dtype.kind not in "fiu":
        raise ValueError(
            f"expected embeddings as numbers ({count}, D), one row an image of the data set in its "
            f"order; came {values.dtype} {values.shape}"
        )
    vectors = values.astype(np.float32)
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ValueError(f"embeddings must be finite; row {row} is not")
    return _unit(vectors).astype(np.float32)


def _unit(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)
