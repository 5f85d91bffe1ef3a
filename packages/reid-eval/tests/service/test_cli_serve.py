"""The verb: what it refuses before anything is loaded, and a start from nothing."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from reid_data.console import application, run
from reid_eval.cli import app
from reid_eval.cli.gallery_serve import serve_command
from reid_eval.gallery import Gallery
from reid_eval.service.serving import Address

Refuse = Callable[..., str]
PAGE = Path(__file__).parents[4] / "docs" / "gallery-page.md"


@pytest.fixture
def refuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_model: str
) -> Refuse:
    """The one line that a call is refused with."""
    app = application("One verb.")
    app.command("serve")(serve_command)

    def invoke(gallery: object, *words: object, model: str = tiny_model) -> str:
        called = ["reid-eval", "serve", gallery, "--model", model, *words]
        monkeypatch.setattr(sys, "argv", [str(word) for word in called])
        with pytest.raises(SystemExit) as caught:
            run(app)
        said = capsys.readouterr()
        assert caught.value.code == 2
        assert len(said.err.splitlines()) == 1
        return said.err

    return invoke


def empty(folder: Path) -> Path:
    Gallery.create(folder, dimension=24, model={"fingerprint": "pixels"}).close()
    return folder


def test_bad_input_is_refused_in_one_line(tmp_path: Path, refuse: Refuse) -> None:
    gallery = empty(tmp_path / "gallery")
    text = tmp_path / "text"
    text.write_text("no PEM")
    assert "is no folder" in refuse(gallery, "--images", tmp_path / "nothing")
    assert "both a certificate and its key" in refuse(gallery, "--certificate", text)
    said = refuse(gallery, "--calibration", text)
    assert str(text) in said
    assert "--state is missing" in refuse("milvus://name:secret@somewhere:1/people")
    assert "secret" not in refuse("milvus://name:secret@somewhere:1/people")
    assert "nothing" in refuse(tmp_path / "nothing")
    assert "--model is missing" in refuse(gallery, "--port", 0, model="")
    assert not (gallery / "service").exists()


def test_a_port_in_use_is_refused_before_the_model_is_loaded(
    tmp_path: Path, refuse: Refuse
) -> None:
    gallery = empty(tmp_path / "gallery")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in refuse(gallery, "--port", port, model="no:model")


def test_a_gallery_of_another_model_is_refused(tmp_path: Path, refuse: Refuse) -> None:
    gallery = empty(tmp_path / "gallery")
    assert "differ in their model" in refuse(gallery, "--port", 0, model="tiny_model:other")


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("here", False)],
)
def test_what_other_machines_reach_is_known(host: str, local: bool) -> None:
    assert Address(host).is_local is local


def test_an_address_is_written_as_browsers_want_it(tmp_path: Path) -> None:
    assert Address("::1").url(80) == "http://[::1]:80/"
    assert Address("here", 1, tmp_path, tmp_path).url(443) == "https://here:443/"


def test_help_names_every_option_and_imports_no_torch() -> None:
    script = (
        "import sys; from reid_data.console import application, run\n"
        "from reid_eval.cli.gallery_serve import serve_command\n"
        "app = application('x'); app.command('serve')(serve_command)\n"
        "sys.argv = ['x', 'serve', '--help']\n"
        "try: run(app)\n"
        "finally: print({'torch', 'fastapi', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"
    assert "--calibration" in done.stdout


def commands_of_the_page() -> list[str]:
    """The commands that docs/gallery-page.md tells people to type, each on one line."""
    blocks = Sybil(parsers=[CodeBlockParser("bash", lambda _: None)]).parse(PAGE).examples()
    text = "\n".join(str(block.parsed) for block in blocks)
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line]


def test_the_page_starts_it_as_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[dict[str, Any]]()
    monkeypatch.setattr(
        "reid_eval.cli.gallery_serve._serve",
        lambda url, model, *_, images, **more: started.append({"of": (url, model, images)} | more),
    )
    monkeypatch.setattr("reid_eval.cli.gallery_serve._check_folders", lambda *_: None)
    install, serve, _ = commands_of_the_page()
    assert install == 'pip install "reid-eval[serve]"'
    assert serve.startswith("reid-eval gallery serve ")
    app(serve.split()[1:], standalone_mode=False)
    assert started[0]["of"] == ("gallery", "checkpoint", Path("people"))


def ask_as_the_page_says(served: Any) -> list[int]:
    """The pids that its curl command finds."""
    command = commands_of_the_page()[-1]
    assert command.startswith("curl ")
    done = subprocess.run(
        command.replace("http://127.0.0.1:8600/", served.url).replace("image/jpeg", "image/png"),
        shell=True,
        env={"PATH": os.environ["PATH"], "TOKEN": served.token},
        cwd=served.people,
        capture_output=True,
        check=True,
    )
    return [answer["pid"] for answer in json.loads(done.stdout)["answers"]]


def test_it_answers_and_leaves_a_gallery_that_opens(served: Any) -> None:
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=30)
    connection.request("GET", "/api/gallery", headers={"Authorization": f"Bearer {served.token}"})
    facts = json.loads(connection.getresponse().read())
    assert (facts["rows"], facts["calibrated"]) == (16, True)
    shutil.copy(served.people / "0003_c1s1_000001_00.png", served.people / "crop.jpg")
    assert ask_as_the_page_says(served)[:2] == [3, 3]  # of two cameras, five answers
    with pytest.raises(ValueError, match=str(served.process.pid)):
        Gallery.open(served.state.parent, "write")
    connection.request(
        "DELETE", "/api/people/1", headers={"Authorization": f"Bearer {served.token}"}
    )
    assert connection.getresponse().status == 200
    connection.close()
    served.process.terminate()
    assert served.process.wait(30) == 0
    with Gallery.open(served.state.parent, "write") as gallery:
        assert gallery.info(verify=True).rows == 13
        gallery.compact()
        assert gallery.count() == 13
    assert (served.state / "tokens").stat().st_mode & 0o777 == 0o600
    assert len((served.state / "audit.jsonl").read_text().splitlines()) == 2
