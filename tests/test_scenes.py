"""What every verb does: ``--json`` is one document, and a path that is not there is one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .scenes import NoHub, Scene, Told, call
from .verbs import verbs_of

# Verbs that the stories do not tell, and who does.
LEFT_OUT = {
    ("eval", "gallery serve"): "serves until it is stopped; its own tests read what it prints",
    ("core", "doctor"): "imports everything that is there; its own tests read its JSON",
    ("core", "profile"): "measures in processes of its own; its own tests read its JSON",
}
# Words that name what a call makes where it is not there.
MADE = {("reid-eval", "gallery", "add"): "store"}

Play = Callable[[str], Scene]


@pytest.fixture(scope="session")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """The scene of a package, one for all tests."""
    scenes: dict[str, Scene] = {}

    def of(package: str) -> Scene:
        if package not in scenes:
            scenes[package] = Scene(package, tmp_path_factory.mktemp(package))
        return scenes[package]

    return of


@pytest.fixture
def scene(package: str, play: Play, monkeypatch: pytest.MonkeyPatch) -> Scene:
    found = play(package)
    monkeypatch.chdir(found.folder)
    monkeypatch.syspath_prepend(str(found.folder))
    if package == "core":
        monkeypatch.setattr("huggingface_hub.HfApi", NoHub)
    return found


def test_the_story_tells_every_verb(package: str, scene: Scene) -> None:
    told = {line.words for line in scene.calls if line.script == f"reid-{package}"}
    left_out = {verb for of, verb in LEFT_OUT if of == package}
    for verb in verbs_of(package):
        begins = any(words[: len(verb.words)] == verb.words for words in told)
        assert begins != (" ".join(verb.words) in left_out), verb.words


def test_json_is_one_document(
    package: str, line: int, scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    told = scene.told(line, capfd)
    assert told.code == 0, (str(scene.calls[line]), told.err)
    assert json.loads(told.out) is not None, str(scene.calls[line])
    assert told.out.endswith("\n")


def test_a_path_that_is_not_there_is_one_line(
    package: str, line: int, scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    told, said = scene.told(line, capfd), scene.calls[line]
    for path in told.paths:
        if MADE.get((said.script, *said.words[:2])) == path:
            continue
        nowhere = f"nowhere/{Path(path).name}"
        words = tuple(nowhere if word == path else word for word in said.words)
        check_refusal(call(said.script, _elsewhere(words), capfd), words)
        assert not Path("nowhere").exists(), words


def test_a_place_where_nothing_can_be_written_is_one_line(
    package: str, line: int, scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    scene.told(line, capfd)
    said = scene.calls[line]
    if "--out" in said.words:
        Path("file").write_text("in the way")
        words = list(said.words)
        place = words.index("--out") + 1
        words[place] = f"file/{words[place]}"
        check_refusal(call(said.script, tuple(words), capfd), tuple(words))


def _elsewhere(words: tuple[str, ...]) -> tuple[str, ...]:
    """The same call with a place to write to that is not there yet."""
    return tuple(
        f"again/{word}" if before == "--out" else word
        for before, word in zip(("", *words), words, strict=False)
    )


def check_refusal(told: Told, words: tuple[str, ...]) -> None:
    """Exit code 2, nothing on stdout, and one line on stderr that says what is wrong."""
    assert (told.code, told.out) == (2, ""), (words, told)
    assert told.err.startswith("error: "), (words, told.err)
    assert len(told.err.splitlines()) == 1, (words, told.err)
