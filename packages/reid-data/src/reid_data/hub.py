"""Models and files by their name on the Hugging Face hub: ``hf://owner/name``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path

from reid_data.console import require

__all__ = ["HUB", "hub_file", "is_on_hub", "local_file", "local_folder", "local_model"]

HUB = "hf://"
_FOLDED = "hf:/"  # what a Path makes of it
# What a model's folder may hold for those who use it: networks, what they say of themselves, cards.
_ENDINGS = "json safetensors yaml md onnx data xml bin pt2"
_MODEL_FILES = tuple(f"*.{ending}" for ending in _ENDINGS.split())


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
    below = "".join(f"{part}/" for part in parts[2:])
    return _fetched(parts[:2], [below + each for each in _MODEL_FILES]).joinpath(*parts[2:])


def _fetched(repository: list[str], patterns: list[str]) -> Path:
    """Where the files of a repository lie that fit a pattern."""
    owner, (name, _, revision) = repository[0], repository[1].partition("@")
    with _fetching("the model", "/".join(repository)):
        from huggingface_hub import snapshot_download

        return Path(
            snapshot_download(f"{owner}/{name}", revision=revision or None, allow_patterns=patterns)
        )


def local_model(source: str | PathLike[str]) -> Path:
    """The path of a model's folder, or of a file where the name has an ending; fetched if need be.

    With a file comes what lies beside it under its name: weights (``.bin``, ``.onnx.data``), and
    what they say of themselves (``.json``).

    Raises:
        ValueError: see `local_folder`; there is no such file.
    """
    parts = _parts(source) if is_on_hub(source) else []
    *folders, file = parts[2:] or [""]
    if not Path(file).suffix:
        return local_folder(source)
    beside = "/".join([*folders, Path(file).stem])
    path = _fetched(parts[:2], [f"{beside}.*"]).joinpath(*parts[2:])
    if not path.is_file():
        raise ValueError(f"{'/'.join(parts[:2])} on the hub has no file {'/'.join(parts[2:])}")
    return path


def _parts(source: str | PathLike[str]) -> list[str]:
    return [part for part in fspath(source).removeprefix(_FOLDED).split("/") if part]


@contextmanager
def _fetching(what: str, where: str) -> Iterator[None]:
    """Say in one line what could not be fetched, and what to do."""
    require("huggingface_hub", extra="reid-data[hub]", for_what=f"fetching {HUB}...")
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
    repository, _, revision = repository.partition("@")
    with _fetching(name, repository):
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(repository, name, revision=revision or None))
