"""What every back end does, compared with plain NumPy over the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_eval.embeddings import Embeddings
from reid_eval.gallery import Filter, Gallery

People = Callable[..., tuple[np.ndarray, pd.DataFrame]]

FILTERS: dict[str, tuple[Filter, Callable[[pd.DataFrame], Any]]] = {
    "nothing": (Filter(), lambda t: t["pid"] == t["pid"]),
    "cameras": (Filter(cameras=[1, 3]), lambda t: t["camid"].isin([1, 3])),
    "unknown cameras": (Filter(cameras=[-1]), lambda t: t["camid"] == 99),
    "no camera": (Filter(cameras=[]), lambda t: t["camid"] == 99),
    "span": (Filter(after=100.0, before=300.0), lambda t: t["timestamp"].between(100.0, 299.9)),
    "since": (Filter(after=300.0), lambda t: t["timestamp"] >= 300),
    "people": (Filter(pids=[2, 5]), lambda t: t["pid"].isin([2, 5])),
    "nobody": (Filter(pids=[-1]), lambda t: t["pid"] == -1),
    "text": (Filter(attributes={"colour": "red"}), lambda t: t.index % 3 == 0),
    "texts": (Filter(attributes={"colour": ["red", "blue"]}), lambda t: t.index % 3 < 2),
    "truth": (Filter(attributes={"hat": True}), lambda t: t.index % 2 == 1),
    "number": (Filter(attributes={"age": 7}), lambda t: t.index == 7),
    "absent": (Filter(attributes={"shoes": "red"}), lambda t: t["camid"] == 99),
    "all": (
        Filter([0, 1, 2], 50.0, 500.0, [1, 2, 3, 4], {"hat": False}),
        lambda t: (
            t["camid"].isin([0, 1, 2])
            & t["timestamp"].between(50, 499.9)
            & t["pid"].between(1, 4)
            & (t.index % 2 == 0)
        ),
    ),
}


def ranked(features: np.ndarray, query: np.ndarray, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """All rows, best first, and their scores, in float64."""
    rows, asked = features.astype(np.float64), query.astype(np.float64)
    if metric == "cosine":
        scores = rows @ asked / (np.linalg.norm(rows, axis=1) * np.linalg.norm(asked))
    else:
        scores = -np.linalg.norm(rows - asked, axis=1)
    order = np.argsort(-scores, kind="stable")
    return order, scores[order]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_search_finds_what_numpy_finds(url: str, people: People, metric: Any, dtype: Any) -> None:
    features, table = people(60)
    queries, _ = people(5, seed=1)
    with Gallery.create(url, dimension=16, metric=metric, dtype=dtype) as gallery:
        parts = slice(None, 25), slice(25, None)
        ids = np.concatenate([gallery.add(features[part], table[part]) for part in parts])
        hits = gallery.search(queries, 7)
        kept = features.astype(dtype)
        np.testing.assert_array_equal(gallery.features(ids), kept.astype(np.float32))
    for place, query in enumerate(queries):
        order, scores = ranked(kept, query, metric)
        assert hits.ids[place].tolist() == ids[order[:7]].tolist()
        np.testing.assert_allclose(hits.scores[place], scores[:7], atol=1e-5)
    first = hits.to_frame().iloc[0]
    assert first["path"] == table["path"][order_of(ids, first["id"])]


def order_of(ids: np.ndarray, row: int) -> int:
    return int(np.flatnonzero(ids == row)[0])


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_leaves_only_what_passes(filled: Gallery, people: People, name: str) -> None:
    features, table = people(60)
    where, passes = FILTERS[name]
    wanted = np.flatnonzero(np.broadcast_to(passes(table), len(table)))
    ids = filled.ids()
    with filled:
        assert filled.ids(where).tolist() == ids[wanted].tolist()
        assert filled.count(where) == len(wanted)
        hits = filled.search(features[3], 60, where=where)
    order, _ = ranked(features, features[3], "cosine")
    expected = [ids[row] for row in order if row in set(wanted.tolist())]
    assert hits.ids[0][: len(expected)].tolist() == expected
    assert (hits.ids[0][len(expected) :] == -1).all()
    assert np.isneginf(hits.scores[0][len(expected) :]).all()


@pytest.mark.parametrize("group", ["tracklet", "pid"])
@pytest.mark.parametrize("top_k", [1, 4, 50])
def test_each_group_answers_once_by_its_best_row(
    filled: Gallery, people: People, group: Any, top_k: int
) -> None:
    features, table = people(60)
    ids = filled.ids()
    with filled:
        hits = filled.search(features[:3], top_k, group_by=group)
    for place in range(3):
        seen, expected = set(), []
        for row in ranked(features, features[place], "cosine")[0]:
            name = table[group][row]
            if name < 0 or name not in seen:
                seen.add(name)
                expected.append(ids[row])
        found = hits.ids[place]
        assert found[found >= 0].tolist() == expected[:top_k]


def test_what_is_known_of_a_row_comes_back(url: str) -> None:
    table = pd.DataFrame(
        {
            "path": ["a.mp4", "a.mp4", ""],
            "frame": [1, 2, pd.NA],
            "box": [7, 7, pd.NA],
            "pid": [3, 4, -1],
            "camid": pd.array([1, None, 2], dtype="Int64"),
            "timestamp": [1.5, np.nan, -2.0],
            "attributes": [{"b": [1, {"c": None}], "a": "ü"}, None, {}],
            "image": [b"\xff\xd8picture", None, b""],
        }
    )
    with Gallery.create(url, dimension=2) as gallery:
        ids = gallery.add(np.eye(3, 2), table)
        rows = gallery.get(ids[::-1])
        assert rows["id"].tolist() == ids[::-1].tolist()
        assert rows["path"].tolist() == ["", "a.mp4#frame=2&box=7", "a.mp4#frame=1&box=7"]
        assert rows["camid"].tolist() == [2, -1, 1]
        assert rows["tracklet"].tolist() == [-1, -1, -1]
        assert rows["timestamp"].tolist()[::2] == [-2.0, 1.5]
        assert np.isnan(rows["timestamp"][1])
        assert rows["attributes"].tolist() == [{}, {}, {"a": "ü", "b": [1, {"c": None}]}]
        assert gallery.image(int(ids[0])) == b"\xff\xd8picture"
        assert gallery.image(int(ids[1])) is None
        with pytest.raises(ValueError, match=f"no row {ids[-1] + 1}"):
            gallery.get([ids[-1] + 1])


def test_what_is_deleted_is_gone_and_its_id_never_comes_again(
    url: str, filled: Gallery, people: People
) -> None:
    features, table = people(60)
    ids = filled.ids()
    person = int(table["pid"].max())
    theirs = ids[table["pid"] == person]
    assert filled.delete(pid=person) == len(theirs)
    assert filled.delete(pid=person) == 0
    rest = filled.ids()
    assert filled.delete([rest[0], rest[0], theirs[0]]) == 1
    assert filled.expire(200.0) == int((table["timestamp"][np.isin(ids, rest[1:])] < 200).sum())
    left = filled.ids()
    assert not filled.count(Filter(before=200.0))
    found = filled.search(features, 60).ids
    assert set(found[found >= 0].tolist()) == set(left.tolist())
    before = filled.get(left)
    filled.compact()
    pd.testing.assert_frame_equal(filled.get(left), before)
    np.testing.assert_array_equal(filled.search(features, 60).ids, found)
    new = filled.add(*people(3, seed=2))
    assert new.min() > ids.max()
    filled.close()
    with Gallery.open(url) as again:
        assert again.ids().tolist() == [*left.tolist(), *new.tolist()]
        assert again.info(verify=True).rows == len(left) + 3
        for gone in (theirs[:1], rest[:1]):
            with pytest.raises(ValueError, match=f"no row {gone[0]}"):
                again.get(gone)


def test_a_gallery_refuses_embeddings_of_another_model(url: str, make: Any) -> None:
    ours = make(np.eye(3), [1, 2, 3], fingerprint="ours", image_size=[256, 128])
    with Gallery.create(url, dimension=3) as gallery:
        gallery.add(ours)
        assert gallery.info().model["fingerprint"] == "ours"
        other = make(np.eye(3), [1, 2, 3], names=["x", "y", "z"], fingerprint="theirs")
        for refused in (gallery.add, gallery.search):
            with pytest.raises(ValueError, match="differ in their model"):
                refused(other)
            with pytest.raises(ValueError, match="differ in their model"):
                refused(np.eye(3), model={"fingerprint": "theirs"})
            with pytest.raises(ValueError, match="differ in their image size"):
                refused(replace(other, meta={**ours.meta, "image_size": [1, 1]}))
        assert gallery.count() == 3
    with Gallery.open(url) as gallery:
        assert gallery.search(ours, 1).ids[:, 0].tolist() == gallery.ids().tolist()


BAD_ROWS: dict[str, tuple[Any, dict[str, Any] | None, str]] = {
    "dimension": (np.ones((2, 3)), None, "has 3 dimensions, the gallery 2"),
    "nan": (np.array([[1, 2], [np.nan, 1]]), None, "row 1 of the embeddings is not finite"),
    "infinite": (np.array([[1, np.inf]]), None, "row 0 of the embeddings is not finite"),
    "shape": (np.ones(2), None, "must be numbers"),
    "texts": (np.array([["a", "b"]]), None, "must be numbers"),
    "rows": (np.ones((2, 2)), {"pid": [1]}, "2 embeddings for 1 table rows"),
    "column": (np.ones((1, 2)), {"camera": [1]}, "unknown column.*camera"),
    "pid": (np.ones((1, 2)), {"pid": ["me"]}, "pid must hold whole numbers"),
    "half a pid": (np.ones((1, 2)), {"pid": [1.5]}, "pid must hold whole numbers"),
    "time": (np.ones((1, 2)), {"timestamp": [np.inf]}, "finite seconds"),
    "time as text": (np.ones((1, 2)), {"timestamp": ["noon"]}, "must hold seconds"),
    "attributes": (np.ones((1, 2)), {"attributes": [3]}, "must be a mapping"),
    "no json": (np.ones((1, 2)), {"attributes": [{"a": {1, 2}}]}, "no plain JSON"),
    "nan in json": (np.ones((1, 2)), {"attributes": [{"a": np.nan}]}, "no plain JSON"),
    "image": (np.ones((1, 2)), {"image": ["a.jpg"]}, "must be encoded bytes"),
    "twice": (np.ones((2, 2)), {"path": ["a", "a"]}, "1 of 2 rows .* first a"),
    "again": (np.ones((2, 2)), {"path": ["b", "there"]}, "1 of 2 rows .* first there"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_rows_are_refused_and_nothing_is_added(url: str, name: str) -> None:
    features, columns, message = BAD_ROWS[name]
    with Gallery.create(url, dimension=2) as gallery:
        gallery.add(np.ones((1, 2)), pd.DataFrame({"path": ["there"]}))
        with pytest.raises(ValueError, match=message):
            gallery.add(features, None if columns is None else pd.DataFrame(columns))
        assert gallery.count() == 1


def test_duplicates_can_be_skipped(url: str) -> None:
    with Gallery.create(url, dimension=2) as gallery:
        gallery.add(np.ones((1, 2)), pd.DataFrame({"path": ["a"]}))
        table = pd.DataFrame({"path": ["a", "b", "b", "", ""]})
        ids = gallery.add(np.ones((5, 2)), table, duplicates="skip")
        assert (ids >= 0).tolist() == [False, True, False, True, True]
        assert gallery.get(ids[ids >= 0])["path"].tolist() == ["b", "", ""]
        assert gallery.present(["a", "b", "c", ""]) == {"a", "b"}
        gallery.delete(ids[1:2])
        assert gallery.present(["b"]) == set()
        assert gallery.add(np.ones((1, 2)), table[1:2]) > ids.max()


def test_bad_questions_are_refused(filled: Gallery) -> None:
    with filled:
        for query, options, message in (
            (np.ones(3), {}, "has 3 dimensions"),
            (np.full(16, np.nan), {}, "not finite"),
            (np.ones((0, 16)), {}, "no query"),
            (np.ones(16), {"top_k": 0}, "top_k must be"),
            (np.ones(16), {"group_by": "camid"}, "group_by must be"),
            (np.ones(16), {"approximate": True}, "no index"),
        ):
            with pytest.raises(ValueError, match=message):
                filled.search(query, **options)
        for options in ({}, {"ids": [1], "pid": 2}):
            with pytest.raises(ValueError, match="either which rows"):
                filled.delete(**options)
        with pytest.raises(ValueError, match="nobody"):
            filled.delete(pid=-1)


def test_one_may_not_write_what_is_open_for_reading(url: str, filled: Gallery) -> None:
    filled.close()
    with Gallery.open(url) as gallery:
        for change in (
            lambda: gallery.add(np.ones((1, 16))),
            lambda: gallery.delete(pid=1),
            lambda: gallery.expire(1.0),
            gallery.compact,
            gallery.build_index,
        ):
            with pytest.raises(ValueError, match="open for reading"):
                change()
        assert gallery.count() == 60


def test_an_empty_gallery_answers_nothing(url: str) -> None:
    with Gallery.create(url, dimension=4) as gallery:
        hits = gallery.search(np.ones((2, 4)), 3)
        assert (hits.ids == -1).all()
        assert hits.to_frame().empty
        assert gallery.count() == 0
        assert gallery.delete(pid=3) == 0
        assert (gallery.info().rows, gallery.info().first) == (0, None)
        with pytest.raises(ValueError, match="no row to export"):
            gallery.export("nowhere")


def test_info_says_what_is_there(url: str, filled: Gallery, people: People) -> None:
    _, table = people(60)
    with filled:
        info = filled.info()
    assert (info.rows, info.dimension, info.metric, info.dtype) == (60, 16, "cosine", "float32")
    assert info.people == table["pid"][table["pid"] >= 0].nunique()
    assert info.cameras == (0, 1, 2, 3)
    assert (info.first, info.last) == (table["timestamp"].min(), table["timestamp"].max())


def test_an_export_fills_another_gallery(filled: Gallery, tmp_path: Path) -> None:
    where = Filter(cameras=[1])
    with filled:
        exported = filled.export(tmp_path / "rows", where=where)
        expected = filled.get(filled.ids(where))
        features = filled.features(filled.ids(where))
    np.testing.assert_array_equal(Embeddings.load(tmp_path / "rows").features, features)
    assert exported.table["id"].tolist() == expected["id"].tolist()
    with Gallery.create(tmp_path / "other", dimension=16) as other:
        ids = other.add(exported)
        again = other.get(ids).drop(columns="id")
    pd.testing.assert_frame_equal(again, expected.drop(columns="id"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dimension": 0}, "dimension must be"),
        ({"dimension": 4, "metric": "dot"}, "metric must be"),
        ({"dimension": 4, "dtype": "int8"}, "dtype must be"),
    ],
)
def test_bad_settings_are_refused(url: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Gallery.create(url, **options)


def test_a_gallery_is_made_once_and_opened_where_it_is(url: str, filled: Gallery) -> None:
    filled.close()
    with pytest.raises(ValueError, match="exists already"):
        Gallery.create(url, dimension=16)
    with pytest.raises(ValueError, match="no gallery"):
        Gallery.open(url + "_other")
    with pytest.raises(ValueError, match="mode must be"):
        Gallery.open(url, "append")  # type: ignore[arg-type]
