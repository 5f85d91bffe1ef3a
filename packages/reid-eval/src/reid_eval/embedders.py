"""What turns images into embeddings, and how one is found by name.

Models are not imported from here: a package offers its own through the entry-point group
``reid.embedders``, and any function works as ``package.module:function``.
"""

from __future__ import annotations

import logging
import re
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor

__all__ = ["Embedder", "EmbedderPlugin", "list_embedders", "load_embedder", "resolve_device"]

GROUP = "reid.embedders"
_FUNCTION = re.compile(r"(?P<module>[A-Za-z_][\w.]*):(?P<function>[A-Za-z_]\w*)")
_log = logging.getLogger(__name__)


@runtime_checkable
class Embedder(Protocol):
    """A frozen model with its preprocessing: uint8 images in, embeddings out.

    Attributes:
        image_size: (height, width) in pixels of the images that it takes.
        embedding_size: D, the length of one embedding.
        fingerprint: hex digest of architecture and weights, the same for the same model only.
            Embeddings with different fingerprints are never compared.
        device: where the images must be.

    One with a true attribute ``takes_cameras`` is called with the images' cameras besides, camids
    (B,) int64, -1 where unknown, wherever they are known.

    One with an attribute ``clip_size``, T frames, and maybe ``clip_stride``, is called with uint8
    clips (B, T, 3, H, W) of one tracklet each.
    """

    image_size: tuple[int, int]
    embedding_size: int
    fingerprint: str
    device: torch.device

    def describe(self) -> dict[str, Any]:
        """Facts for people, JSON-serialisable: a name, the preprocessing."""
        ...

    def __call__(self, images: Tensor) -> Tensor:
        """Embed uint8 RGB images (B, 3, H, W) as float32 (B, D), not normalised."""
        ...


class EmbedderPlugin(Protocol):
    """What an entry point of the group ``reid.embedders`` names."""

    def claims(self, source: str) -> bool:
        """Whether ``source`` looks like one of this plugin's models (cheap, loads nothing)."""
        ...

    def load(self, source: str, *, device: torch.device) -> Embedder:
        """Load the model."""
        ...


def list_embedders() -> list[str]:
    """The installed plugins, as ``name = module:attribute``."""
    return [f"{entry.name} = {entry.value}" for entry in _entries()]


def resolve_device(device: str | torch.device = "auto") -> torch.device:
    """Turn ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"`` into a device that exists.

    Raises:
        ValueError: the name means nothing to torch, or there is no such device here.

    Examples:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device must be auto, cpu, cuda or cuda:N, not {device!r}") from error
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {str(device)!r} is not here: torch sees {torch.cuda.device_count()} "
            "CUDA device(s); use --device cpu"
        )
    return found


def load_embedder(source: str | Path, *, device: str | torch.device = "auto") -> Embedder:
    """Find the plugin that knows ``source`` and let it load the model.

    Args:
        source: a path that an installed plugin claims (a checkpoint folder of reid-core, say), or
            ``package.module:function``, a function that takes a ``torch.device`` and returns an
            [`Embedder`][reid_eval.embedders.Embedder].
        device: where the model shall run; ``"auto"`` is the GPU if there is one.

    Raises:
        ValueError: nothing claims ``source``, the plugin or the function is broken, or what it
            returns is no embedder. The message names what was tried.
    """
    name, where = str(source), resolve_device(device)
    function = _FUNCTION.fullmatch(name)
    if function and not Path(name).exists():
        embedder = _call(function["module"], function["function"], where)
        return _checked(embedder, name)
    broken: list[str] = []
    for entry in _entries():
        try:
            plugin = entry.load()
            claimed = plugin.claims(name)
        except Exception as error:  # a stranger's code may raise anything
            broken.append(_broken(entry, error))
            continue
        if claimed:
            for failure in broken:
                _log.warning(failure)
            return _checked(_load(entry, plugin, name, where), name)
    raise ValueError(_unclaimed(name, broken))


def _entries() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda entry: entry.name)


def _load(entry: EntryPoint, plugin: EmbedderPlugin, source: str, device: torch.device) -> object:
    try:
        return plugin.load(source, device=device)
    except (ValueError, OSError):
        raise
    except Exception as error:
        error.add_note(_broken(entry, error))
        raise


def _broken(entry: EntryPoint, error: Exception) -> str:
    origin = f" of {entry.dist.name}" if entry.dist else ""
    return f"plugin {entry.name!r} ({entry.value}){origin} is broken: {_said(error)}"


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _call(module: str, function: str, device: torch.device) -> object:
    try:
        factory = getattr(import_module(module), function)
    except Exception as error:  # a stranger's module may raise anything
        raise ValueError(f"cannot import {function!r} from {module!r}: {_said(error)}") from error
    try:
        signature(factory).bind(device)
    except TypeError as error:
        raise ValueError(
            f"{module}:{function} must be a function of one torch.device: {_said(error)}"
        ) from error
    return factory(device)


def _checked(embedder: object, source: str) -> Embedder:
    """Refuse what only looks like an embedder before a long pass begins."""
    needed = ("image_size", "embedding_size", "fingerprint", "device", "describe")
    missing = [name for name in needed if not hasattr(embedder, name)]
    if missing or not callable(embedder):
        lacks = ", ".join(missing) or "__call__"
        raise ValueError(
            f"{source} returned a {type(embedder).__name__}, which is no embedder: it lacks {lacks}"
        )
    return cast("Embedder", embedder)


def _unclaimed(source: str, broken: list[str]) -> str:
    path = Path(source)
    what = "folder" if path.is_dir() else "file"
    state = f"no plugin knows this {what}" if path.exists() else "there is no such file or folder"
    asked = ", ".join(name.partition(" =")[0] for name in list_embedders())
    message = (
        f"{source!r} is no model: {state}; expected a checkpoint folder, an exported file, "
        "hf://owner/name or package.module:function; "
        f"plugins asked: {asked or f'none is installed (group {GROUP})'}"
    )
    return "; ".join([message, *broken])
