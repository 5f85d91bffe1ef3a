"""Every address of the service: what it answers, what it writes down, what it deletes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reid_eval import Calibration
from reid_eval.gallery import Gallery

House = Any


def search(client: Any, body: bytes, **question: Any) -> Any:
    kind = {"Content-Type": "application/octet-stream"}
    response = client.post("/api/search", content=body, params=question, headers=kind)
    assert response.status_code == 200, response.text
    return response.json()


def test_the_gallery_is_described(house: House) -> None:
    facts = house.client().get("/api/gallery").json()
    assert (facts["rows"], facts["people"]) == (16, 5)
    assert facts["cameras"] == [
        {"camera": 1, "rows": 5},
        {"camera": 2, "rows": 6},
        {"camera": 3, "rows": 5},
    ]
    assert (facts["first_seen"], facts["last_seen"]) == (61.0, 185.0)
    assert facts["model"] == "downsampled pixels"
    assert facts["can_delete"]


def test_a_crop_finds_its_person_on_all_cameras(house: House) -> None:
    found = search(house.client(), house.picture(3), top_k=3)["answers"]
    assert {answer["pid"] for answer in found} == {3}
    assert {answer["camera"] for answer in found} == {1, 2, 3}
    assert found[0]["score"] == pytest.approx(1, abs=1e-5)
    assert [answer["score"] for answer in found] == sorted(
        (answer["score"] for answer in found), reverse=True
    )
    assert found[0] | {"row": "", "score": 0} == {
        "row": "",
        "score": 0,
        "probability": None,
        "pid": 3,
        "camera": 1,
        "time": 63.0,
        "tracklet": 31,
        "attributes": {"bag": True},
    }


def test_a_person_is_picked_in_a_frame(house: House, encode: Callable[..., bytes]) -> None:
    frame = np.zeros((100, 200, 3), np.uint8)
    for place, pid in ((20, 2), (120, 4)):
        frame[30:62, place : place + 16] = np.asarray(Image.open(io.BytesIO(house.picture(pid))))
    client = house.client()
    for place, pid in ((20, 2), (120, 4)):
        found = search(client, encode(frame), box=f"{place},30,{place + 16},62", top_k=3)
        assert {answer["pid"] for answer in found["answers"]} == {pid}


@pytest.mark.parametrize(
    ("question", "passes"),
    [
        ({"camera": [2, 3]}, lambda answer: answer["camera"] in (2, 3)),
        ({"after": 120, "before": 180}, lambda answer: 120 <= answer["time"] < 180),
        ({"pid": 2}, lambda answer: answer["pid"] == 2),
        ({"attribute": "bag=true"}, lambda answer: answer["attributes"] == {"bag": True}),
    ],
)
def test_filters_leave_exactly_what_passes(house: House, question: Any, passes: Any) -> None:
    client = house.client()
    everything = search(client, house.picture(1), top_k=100)["answers"]
    found = search(client, house.picture(1), top_k=100, **question)["answers"]
    known = [answer for answer in everything if answer["time"] is not None]
    assert found == [answer for answer in known if passes(answer)]
    assert 0 < len(found) < len(everything)


@pytest.mark.parametrize(("group", "count"), [("pid", 6), ("tracklet", 16)])
def test_each_group_answers_once(house: House, group: str, count: int) -> None:
    found = search(house.client(), house.picture(1), top_k=100, group_by=group)["answers"]
    assert len(found) == count


def test_more_like_a_row_leaves_the_row_out(house: House) -> None:
    client = house.client()
    first = search(client, house.picture(5), top_k=1)["answers"][0]
    found = client.get(f"/api/rows/{first['row']}/similar", params={"top_k": 2}).json()["answers"]
    assert [answer["pid"] for answer in found] == [5, 5]
    assert first["row"] not in {answer["row"] for answer in found}


def test_scores_come_with_probabilities_where_calibrated(
    house: House, calibration: Calibration
) -> None:
    found = search(house.client(calibration=calibration), house.picture(1), top_k=9)
    assert found["threshold"] == 0.5
    for answer in found["answers"]:
        assert answer["probability"] == pytest.approx(np.clip(answer["score"], 0, 1), abs=1e-6)


def test_a_row_has_a_small_picture(house: House, calibration: Calibration) -> None:
    client = house.client()
    row = search(client, house.picture(2), top_k=1)["answers"][0]["row"]
    for _ in range(2):
        response = client.get(f"/api/rows/{row}/image")
        assert response.headers["content-type"] == "image/jpeg"
        shown = np.asarray(Image.open(io.BytesIO(response.content)), float)
        painted = np.asarray(Image.open(io.BytesIO(house.picture(2))), float)
        assert np.abs(shown - painted).mean() < 15


def test_a_deleted_person_is_gone_everywhere(house: House) -> None:
    client = house.client()
    rows = [one["row"] for one in search(client, house.picture(4), top_k=3)["answers"]]
    assert client.get(f"/api/rows/{rows[0]}/image").status_code == 200
    assert client.get("/api/people/4").json() == {"pid": 4, "rows": 3}
    assert client.delete("/api/people/4").json() == {"deleted": 3}
    assert client.get("/api/gallery").json()["rows"] == 13
    found = search(client, house.picture(4), top_k=100)["answers"]
    assert 4 not in {answer["pid"] for answer in found}
    assert client.get(f"/api/rows/{rows[0]}/image").status_code == 404
    assert client.get(f"/api/rows/{rows[0]}/similar").status_code == 404
    assert client.delete("/api/people/4").status_code == 404
    told = [entry for entry in house.entries() if entry["action"] == "delete person"]
    assert [(entry["pid"], sorted(map(str, entry["rows"]))) for entry in told] == [
        (4, sorted(rows))
    ]


def test_one_row_is_deleted(house: House) -> None:
    client = house.client()
    row = search(client, house.picture(1), top_k=1)["answers"][0]["row"]
    assert client.delete(f"/api/rows/{row}").json() == {"deleted": 1}
    assert client.delete(f"/api/rows/{row}").json()["error"]["code"] == "no_row"
    assert client.get("/api/people/1").json()["rows"] == 2


def test_every_search_is_in_the_audit_log(house: House) -> None:
    client = house.client()
    found = search(client, house.picture(2), top_k=2, camera=[1, 2], box="0,0,16,32")
    row = found["answers"][0]["row"]
    client.get(f"/api/rows/{row}/similar", params={"top_k": 1, "before": 170})
    entries = house.entries()
    assert entries[0] | {"time": "", "token": ""} == {
        "time": "",
        "token": "",
        "action": "search",
        "caller": "someone",
        "address": "testclient",
        "query": found["query"],
        "box": "0,0,16,32",
        "asked": {"top_k": 2, "cameras": [1, 2]},
        "rows": [int(answer["row"]) for answer in found["answers"]],
    }
    assert (entries[1]["action"], entries[1]["query"]) == ("similar", f"row {row}")
    assert entries[1]["asked"] == {"top_k": 1, "before": 170.0}


def test_the_log_holds_neither_token_nor_image_nor_path(house: House) -> None:
    search(house.client(), house.picture(2))
    text = house.audit_file.read_text()
    assert house.client().headers["Authorization"].split()[1] not in text
    assert ".png" not in text


def test_an_answer_tells_no_path(house: House) -> None:
    found = search(house.client(), house.picture(2), top_k=100)
    assert str(house.folder) not in str(found)
    assert ".png" not in str(found)


def test_rows_added_meanwhile_are_found(house: House) -> None:
    client = house.client()
    features = house.gallery.features([1])
    assert isinstance(house.gallery, Gallery)
    house.gallery.add(-features)
    assert client.get("/api/gallery").json()["rows"] == 17
