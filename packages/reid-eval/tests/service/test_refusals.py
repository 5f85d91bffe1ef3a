"""What the service refuses, in one grammar, and what no request can make it do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reid_data.console import MissingExtraError
from reid_eval import Calibration, service
from reid_eval.service import Limits
from reid_eval.service.pictures import Pictures
from reid_eval.views import Views

House = Any
BINARY = {"Content-Type": "application/octet-stream"}


def refused(response: Any, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["code"] == code
    return str(body["error"]["message"])


DOORS = [
    ("GET", "/api/gallery"),
    ("POST", "/api/search"),
    ("GET", "/api/rows/1/similar"),
    ("GET", "/api/rows/1/image"),
    ("DELETE", "/api/rows/1"),
    ("GET", "/api/people/1"),
    ("DELETE", "/api/people/1"),
]


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("word", [None, "Bearer wrong", "Basic YTpi", "Bearer", "Bearer \u00e9"])
def test_nothing_opens_without_a_token(
    house: House, method: str, path: str, word: str | None
) -> None:
    client = house.client(token=None)
    headers = {} if word is None else {"Authorization": word.encode("latin-1")}
    response = client.request(method, path, headers=headers)
    refused(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"
    assert house.gallery.count() == 16


def test_every_route_but_one_is_behind_a_door(house: House) -> None:
    description = house.client(token=None).get("/openapi.json").json()
    routes = {
        (method.upper(), path.replace("{row}", "1").replace("{pid}", "1"))
        for path, methods in description["paths"].items()
        for method in methods
    }
    assert routes == {*DOORS, ("GET", "/api/health")}


def test_a_token_may_ask_only_so_often_and_others_are_not_held_up(house: House) -> None:
    client = house.client(limits=Limits(searches_per_minute=10))
    first = [client.get("/api/rows/1/similar").status_code for _ in range(2)]
    assert first == [200, 200]
    response = client.get("/api/rows/1/similar")
    assert "try again" in refused(response, 429, "too_many_requests")
    assert 1 <= int(response.headers["retry-after"]) <= 6
    other = {"Authorization": client.headers["Authorization"] + "-too"}
    assert client.get("/api/rows/1/similar", headers=other).status_code == 200
    assert client.get("/api/gallery").status_code == 200


def test_guessing_tokens_is_slowed_down_and_holds_up_nobody_else(house: House) -> None:
    client = house.client(limits=Limits(wrong_tokens_per_minute=10))
    wrong = {"Authorization": "Bearer wrong"}
    codes = [client.get("/api/gallery", headers=wrong).status_code for _ in range(4)]
    assert codes == [401, 401, 429, 429]
    assert client.get("/api/gallery").status_code == 200


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"top_k": 0}, "top_k: "),
        ({"top_k": 201}, "top_k must be at most 200"),
        ({"topk": 5}, "topk: Extra inputs"),
        ({"after": 9, "before": 3}, "after must be earlier than before"),
        ({"after": "nan"}, "after: "),
        ({"camera": "left"}, "camera.0: "),
        ({"pid": 2**64}, "pid.0: "),
        ({"group_by": "colour"}, "group_by: "),
        ({"box": "1,2,3"}, "box: "),
        ({"box": "nan,2,3,4"}, "box: "),
        ({"attribute": "bag"}, "attribute.0: "),
    ],
)
def test_wrong_questions_are_refused_in_words(house: House, question: Any, said: str) -> None:
    response = house.client().post(
        "/api/search", content=house.picture(1), params=question, headers=BINARY
    )
    assert said in refused(response, 422, "invalid")


def test_wrong_uploads_are_refused(house: House) -> None:
    client = house.client(limits=Limits(upload_bytes=5_000, pixels=1_000))
    post = client.post
    refused(post("/api/search", content=b"", headers=BINARY), 400, "no_image")
    refused(post("/api/search", content=b"text", headers=BINARY), 400, "no_image")
    refused(post("/api/search", content=b"x" * 5_001, headers=BINARY), 413, "too_large")
    chunks = (b"x" * 1_000 for _ in range(9))
    refused(post("/api/search", content=chunks, headers=BINARY), 413, "too_large")
    large = (house.people / "large.png").open("wb")
    with large:
        from PIL import Image

        Image.new("RGB", (40, 40)).save(large, "PNG")
    body = Path(large.name).read_bytes()
    refused(post("/api/search", content=body, headers=BINARY), 413, "too_many_pixels")
    text = {"Content-Type": "text/plain"}
    refused(post("/api/search", content=house.picture(1), headers=text), 415, "wrong_type")
    assert house.entries() == []


def test_unknown_addresses_and_methods(house: House) -> None:
    client = house.client()
    refused(client.get("/api/nothing"), 404, "not_found")
    refused(client.get("/api/rows/1/../../../etc/passwd"), 404, "not_found")
    refused(client.get("/assets/..%2f..%2fapp.py"), 404, "not_found")
    response = client.put("/api/gallery")
    refused(response, 405, "wrong_method")
    assert response.headers["allow"] == "GET"
    refused(client.get("/api/rows/999/image"), 404, "no_row")
    refused(client.get("/api/rows/x/image"), 422, "invalid")
    refused(client.get("/api/people/999"), 404, "no_person")
    refused(client.get(f"/api/rows/{2**63}/similar"), 422, "invalid")


def test_a_service_that_only_searches_deletes_nothing(house: House) -> None:
    client = house.client(can_delete=False)
    refused(client.delete("/api/people/1"), 403, "read_only")
    refused(client.delete("/api/rows/1"), 403, "read_only")
    assert house.gallery.count() == 16


def test_what_cannot_be_logged_is_not_answered_and_not_deleted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    answers = [
        client.post("/api/search", content=house.picture(1), headers=BINARY),
        client.delete("/api/people/1"),
    ]
    monkeypatch.undo()
    for response in answers:
        refused(response, 503, "no_audit")
    assert house.gallery.count() == 16


def test_an_unforeseen_error_tells_nothing_of_the_inside(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client()
    monkeypatch.setattr(house.gallery, "info", lambda: 1 / 0)
    response = client.get("/api/gallery")
    assert "division" not in refused(response, 500, "internal")
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/assets/main.js", "/api/gallery", "/api/nothing"])
def test_every_answer_has_the_headers_of_a_closed_page(house: House, path: str) -> None:
    headers = house.client().get(path, headers={"Origin": "https://elsewhere.example"}).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control")]


def test_another_site_gets_no_permission(house: House) -> None:
    response = house.client().options(
        "/api/search",
        headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"},
    )
    refused(response, 405, "wrong_method")
    assert "access-control-allow-origin" not in response.headers


@pytest.fixture
def outside(house: House, write_picture: Callable[..., Path]) -> list[int]:
    """Rows whose recorded paths lead out of the allowed folder, each in another way."""
    secret = write_picture(house.folder / "secret.png", 7)
    link = house.people / "link.png"
    link.symlink_to(secret)
    paths = [str(secret), "../secret.png", str(link), "people", "", "nothing.png", "a\0b"]
    table = pd.DataFrame({"path": [*paths[:-1], "gone.png"]})
    features = np.eye(len(paths), house.gallery.info().dimension, dtype=np.float32)
    return [int(row) for row in house.gallery.add(features, table)]


def test_no_recorded_path_leads_out_of_the_allowed_folder(house: House, outside: list[int]) -> None:
    client = house.client()
    for row in outside:
        refused(client.get(f"/api/rows/{row}/image"), 404, "no_picture")


def test_rows_that_share_a_path_show_its_picture(house: House) -> None:
    path = str(house.people / "0001_c1s1_000001_00.png")
    table = pd.DataFrame({"path": [path, path], "frame": [7, 8], "box": [1, 1]})
    features = np.eye(2, house.gallery.info().dimension, dtype=np.float32)
    client = house.client()
    for row in house.gallery.add(features, table):
        assert client.get(f"/api/rows/{row}/image").status_code == 200


def test_without_an_allowed_folder_no_file_is_shown(house: House) -> None:
    refused(house.client(images=None).get("/api/rows/1/image"), 404, "no_picture")


def test_pictures_in_memory_stay_within_their_room(house: House) -> None:
    pictures = Pictures(house.gallery, house.people, most_bytes=3_000)
    for row in house.gallery.ids():
        assert pictures.jpeg(int(row)) is not None
        assert pictures._bytes <= 3_000


def test_the_gallery_and_the_calibration_must_be_of_the_model(
    house: House, calibration: Calibration, pixels: Any
) -> None:
    from dataclasses import replace

    class Other(type(pixels)):  # type: ignore[misc]
        fingerprint = "other pixels"

    class Longer(type(pixels)):  # type: ignore[misc]
        embedding_size = 25

    with pytest.raises(ValueError, match="calibrate again"):
        house.client(calibration=replace(calibration, fingerprint="another"))
    with pytest.raises(ValueError, match="differ in their test-time views"):
        house.client(views=Views(flip=True))
    house.embedder = Other()
    with pytest.raises(ValueError, match="differ in their model"):
        house.client()
    house.embedder = Longer()
    with pytest.raises(ValueError, match="24 dimensions, the model makes 25"):
        house.client()


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fastapi", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'reid-eval\[serve\]'"):
        service.create_app(None, None)  # type: ignore[arg-type]
