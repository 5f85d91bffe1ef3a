"""The approximate index of the embedded back end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_eval.gallery import Filter, Gallery
from reid_eval.gallery.embedded import index

pytest.importorskip("faiss", reason="the extra faiss is not installed")


@pytest.fixture
def crowd() -> tuple[np.ndarray, pd.DataFrame]:
    """3,000 rows around 60 people."""
    random = np.random.default_rng(0)
    pids = np.arange(3000) % 60
    people = random.standard_normal((60, 32))
    features = people[pids] + 0.3 * random.standard_normal((3000, 32))
    return features.astype(np.float32), pd.DataFrame({"pid": pids, "camid": pids % 7})


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_it_finds_nearly_all_and_scores_are_exact(
    tmp_path: Path, crowd: tuple[np.ndarray, pd.DataFrame], metric: Any
) -> None:
    features, table = crowd
    where = Filter(cameras=[2])
    with Gallery.create(tmp_path / "g", dimension=32, metric=metric) as gallery:
        gallery.add(features[:2500], table[:2500])
        report = gallery.build_index()
        assert report.recall >= 0.97
        assert (report.rows, report.top_k, gallery.info().index) == (2500, 10, report)
        # Newer rows are found as well, and deleted ones are not.
        ids = gallery.add(features[2500:], table[2500:])
        gallery.delete(ids[:1])
        gallery.delete(pid=3)
        for options in ({}, {"where": where}, {"group_by": "pid"}):
            exact = gallery.search(features[::50], 10, approximate=False, **options)
            near = gallery.search(features[::50], 10, approximate=True, **options)
            shares = [np.isin(a, b).mean() for a, b in zip(exact.ids, near.ids, strict=True)]
            assert np.mean(shares) >= 0.95
            same = exact.ids == near.ids
            np.testing.assert_array_equal(exact.scores[same], near.scores[same])
        assert np.isin(near.ids, gallery.ids()).all()
        assert gallery.compact() > 0
        assert gallery.info().index is None
        with pytest.raises(ValueError, match="has no index"):
            gallery.search(features[:1], approximate=True)


def test_many_queries_are_searched_exactly_where_that_is_faster(
    tmp_path: Path, crowd: tuple[np.ndarray, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    features, table = crowd
    with Gallery.create(tmp_path / "g", dimension=32) as gallery:
        gallery.add(features, table)
        gallery.build_index()
        monkeypatch.setattr(index, "_LARGEST_SHARE", -0.1)  # as if it looked into most lists
        exact = gallery.search(features[:40], 10, approximate=False)
        monkeypatch.setattr(index, "_search", lambda *_: pytest.fail("the index was asked"))
        np.testing.assert_array_equal(gallery.search(features[:40], 10).ids, exact.ids)
        for queries, approximate in ((features[:1], None), (features[:40], True)):
            with pytest.raises(pytest.fail.Exception, match="was asked"):
                gallery.search(queries, 10, approximate=approximate)


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "g", dimension=2) as gallery:
        gallery.add(np.ones((5, 2)))
        with pytest.raises(ValueError, match="needs 1000 rows, there are 5"):
            gallery.build_index()
