"""A part of a data set, another in each epoch."""

from __future__ import annotations

import numpy as np

from reid_data import Records

__all__ = ["drawn_share", "labelled_like"]


def drawn_share(
    records: Records, *, identities: float, images: float, at_least: int, seed: tuple[int, ...]
) -> Records:
    """Label the images of randomly drawn identities, and -1 those to leave out.

    Args:
        records: the images.
        identities: share of the identities to keep, between 0 and 1.
        images: share of the images of each of them to keep; at least one is.
        at_least: identities to keep in any case.
        seed: which ones.

    Returns:
        The records with a column ``label``: 0 .. C-1 by ascending pid, of all identities.
    """
    labelled = records.relabel()
    if identities == images == 1:
        return labelled
    generator = np.random.default_rng(seed)
    labels = labelled.labels
    counts = np.bincount(labels)
    people = max(at_least, round(identities * len(counts)))
    drawn = np.zeros(len(counts), dtype=bool)
    drawn[generator.permutation(len(counts))[:people]] = True
    # The place of each image in a random order of its identity's.
    order = np.lexsort((generator.random(len(labels)), labels))
    place = np.empty(len(labels), dtype=np.int64)
    place[order] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = drawn[labels] & (place < np.maximum(1, np.round(images * counts))[labels])
    return Records(
        labelled.table.assign(label=np.where(kept, labels, -1)), labelled.root, labelled.info
    )


def labelled_like(records: Records, others: Records) -> Records:
    """Give labelled images the labels that their people have in another data set.

    Args:
        records: with a column ``label``, -1 for images that are left out; all people are among
            the others.
        others: whose people are labelled 0 .. C-1 by ascending pid.
    """
    labels = np.searchsorted(np.unique(others.pids), records.pids)
    table = records.table.assign(label=np.where(records.labels < 0, -1, labels))
    return Records(table, records.root, records.info)
