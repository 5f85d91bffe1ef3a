"""How a model is found, and what is said when it is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch

from reid_eval import embedders
from reid_eval.embedders import list_embedders, load_embedder, resolve_device

Install = Callable[[str], None]

PLUGINS = """
from tiny_model import Pixels


class Good:
    def claims(self, source): return source.endswith(".tiny")
    def load(self, source, *, device): return Pixels(device, fingerprint=source)


class Claimless:
    def claims(self, source): raise RuntimeError("cannot even look")


class Crashing(Good):
    def load(self, source, *, device): raise ZeroDivisionError("inside the plugin")


class Empty(Good):
    def load(self, source, *, device): return object()


class Refusing(Good):
    def load(self, source, *, device): raise ValueError("these weights are of another model")


good, claimless, crashing, empty, refusing = Good(), Claimless(), Crashing(), Empty(), Refusing()
"""


@pytest.fixture
def install(
    tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Make these names of the plugin module, or ``name=module:attribute``, the installed ones."""
    (tmp_path / "tiny_plugins.py").write_text(PLUGINS)

    def entries(*names: str) -> None:
        found = [
            EntryPoint(name, value or f"tiny_plugins:{name}", embedders.GROUP)
            for name, _, value in (text.partition("=") for text in names)
        ]
        monkeypatch.setattr(embedders, "entry_points", lambda group: found)

    return entries


def test_a_function_by_name_gets_the_device(tiny_model: str) -> None:
    embedder = load_embedder(tiny_model, device="cpu")
    assert embedder.device == torch.device("cpu")
    assert embedder(torch.zeros(2, 3, 32, 16, dtype=torch.uint8)).shape == (2, 24)


def test_the_plugin_that_claims_a_source_loads_it(install: Install) -> None:
    install("good")
    assert load_embedder("model.tiny", device="cpu").fingerprint == "model.tiny"
    assert list_embedders() == ["good = tiny_plugins:good"]


def test_a_broken_plugin_is_named_when_nothing_else_claims(install: Install) -> None:
    install("broken=no_such_module:thing", "claimless", "good")
    with pytest.raises(ValueError, match=r"'x' is no model") as caught:
        load_embedder("x", device="cpu")
    message = str(caught.value)
    assert "plugin 'broken' (no_such_module:thing) is broken: ModuleNotFoundError" in message
    assert "plugin 'claimless'" in message
    assert "cannot even look" in message
    assert "plugins asked: broken" in message
    assert "\n" not in message


def test_a_broken_plugin_is_named_also_when_another_one_helps(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("broken=no_such_module:thing", "good")
    with caplog.at_level(logging.WARNING):
        assert load_embedder("a.tiny", device="cpu").fingerprint == "a.tiny"
    assert "plugin 'broken' (no_such_module:thing) is broken" in caplog.text


def test_a_crash_inside_a_plugin_keeps_its_type_and_names_the_plugin(install: Install) -> None:
    install("crashing")
    with pytest.raises(ZeroDivisionError) as caught:
        load_embedder("a.tiny", device="cpu")
    assert "plugin 'crashing' (tiny_plugins:crashing)" in caught.value.__notes__[0]


def test_a_plugins_own_refusal_is_passed_on(install: Install) -> None:
    install("refusing")
    with pytest.raises(ValueError, match="another model"):
        load_embedder("a.tiny", device="cpu")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nothing/here", r"'nothing/here' is no model: there is no such file or folder"),
        ("tiny_model.py", "no plugin knows this file"),
        (".", "no plugin knows this folder"),
        ("no_such_module:f", r"cannot import 'f' from 'no_such_module': ModuleNotFoundError"),
        ("tiny_model:absent", r"cannot import 'absent' from 'tiny_model': AttributeError"),
        ("tiny_plugins:Good", r"tiny_plugins:Good must be a function of one torch.device"),
        ("tiny_plugins:good", r"must be a function of one torch.device: TypeError"),
    ],
)
def test_a_source_that_is_no_model_is_one_clear_line(
    install: Install, source: str, said: str
) -> None:
    install("good")
    with pytest.raises(ValueError, match=said) as caught:
        load_embedder(source, device="cpu")
    assert "\n" not in str(caught.value)


def test_what_only_looks_like_an_embedder_is_refused(install: Install) -> None:
    install("empty")
    with pytest.raises(ValueError, match="object, which is no embedder: it lacks image_size"):
        load_embedder("a.tiny", device="cpu")


def test_devices_are_resolved_or_refused() -> None:
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto").type in ("cpu", "cuda")
    with pytest.raises(ValueError, match="device must be auto, cpu, cuda or cuda:N, not 'gpu'"):
        resolve_device("gpu")
    with pytest.raises(ValueError, match=r"torch sees \d+ CUDA device"):
        resolve_device("cuda:99")
