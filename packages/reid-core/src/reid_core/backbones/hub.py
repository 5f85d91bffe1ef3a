"""Files by their name on the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path

__all__ = ["HUB", "hub_file", "is_on_hub", "local_file", "local_folder", "local_model"]

HUB = "hf://"
_FOLDED = "hf:/"  # what a Path makes of it
# What a model's folder may hold for those who use it: networks, what they say of themselves, cards.
_MODEL_FILES = ("*.json", "*.safetensors", "*.yaml", "*.md", "*.onnx", "*.xml", "*.bin", "*.pt2")


def is_on_hub(source: str | PathLike[str]) -> bool:
    """Whether a source is named as one on the hub, also once it has become a `Path`.

    Examples:
        >>> is_on_hub("hf://owner/name"), is_on_hub(Path("hf://owner/name")), is_on_hub("runs/a")
        (True, True, False)
    """
    return fspath(source).startswith(_FOLDED)


def local_folder(source: str | PathLike[str]) -> Path:
    """The path of a model's folder; ``hf://owner/name`` is fetched first.

    A folder in a repository is ``hf://owner/name/folder``, a revision ``hf://owner/name@v1``. What
    was fetched before is not fetched again, and is found without a network too.

    Raises:
        ValueError: the name is malformed, or nothing can be fetched.

    Examples:
        >>> local_folder("runs/market").name
        'market'
    """
    if not is_on_hub(source):
        return Path(source)
    parts = _parts(source)
    if len(parts) < 2:
        raise ValueError(f"expected {HUB}owner/name, came {fspath(source)}")
    from huggingface_hub import snapshot_download

    name, _, revision = parts[1].partition("@")
    below = "".join(f"{part}/" for part in parts[2:])
    with _fetching("the model", "/".join(parts)):
        fetched = snapshot_download(
            f"{parts[0]}/{name}",
            revision=revision or None,
            allow_patterns=[below + pattern for pattern in _MODEL_FILES],
        )
    return Path(fetched, *parts[2:])


def local_model(source: str | PathLike[str]) -> Path:
    """The path of a model's folder, or of a file where the name has an ending; fetched if need be.

    Raises:
        ValueError: see `local_folder` and `local_file`.
    """
    named_file = is_on_hub(source) and Path(fspath(source)).suffix and len(_parts(source)) > 2
    return local_file(source) if named_file else local_folder(source)


def _parts(source: str | PathLike[str]) -> list[str]:
    return [part for part in fspath(source).removeprefix(_FOLDED).split("/") if part]


@contextmanager
def _fetching(what: str, where: str) -> Iterator[None]:
    """Say in one line what could not be fetched, and what to do."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except (HfHubHTTPError, HFValidationError, OSError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"cannot fetch {what} of {where} from the hub ({reason}); fetch it yourself and give "
            "its path"
        ) from error


def local_file(source: str | PathLike[str]) -> Path:
    """The path of a file; one named ``hf://owner/repository/file`` is fetched first.

    Raises:
        ValueError: the name is malformed, or the file cannot be fetched.

    Examples:
        >>> local_file("weights.pth").name
        'weights.pth'
    """
    if not is_on_hub(source):
        return Path(source)
    parts = _parts(source)
    if len(parts) < 3:
        raise ValueError(f"expected hf://owner/repository/file, came {fspath(source)}")
    return hub_file("/".join(parts[:2]), "/".join(parts[2:]))


def hub_file(repository: str, name: str) -> Path:
    """Fetch one file, or find it where it was put the last time.

    Args:
        repository: ``owner/repository``, or ``owner/repository@revision``.
        name: path of the file in it.

    Raises:
        ValueError: it cannot be fetched; names the file and the reason.
    """
    from huggingface_hub import hf_hub_download

    repository, _, revision = repository.partition("@")
    with _fetching(name, repository):
        return Path(hf_hub_download(repository, name, revision=revision or None))
