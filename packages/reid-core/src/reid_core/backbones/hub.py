"""Files by their name on the Hugging Face hub."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path

__all__ = ["HUB", "hub_file", "local_file"]

HUB = "hf://"


def local_file(source: str | PathLike[str]) -> Path:
    """The path of a file; one named ``hf://owner/repository/file`` is fetched first.

    Raises:
        ValueError: the name is malformed, or the file cannot be fetched.

    Examples:
        >>> local_file("weights.pth").name
        'weights.pth'
    """
    text = fspath(source)
    if not text.startswith(HUB):
        return Path(text)
    parts = [part for part in text.removeprefix(HUB).split("/") if part]
    if len(parts) < 3:
        raise ValueError(f"expected hf://owner/repository/file, came {text}")
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
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    repository, _, revision = repository.partition("@")
    try:
        return Path(hf_hub_download(repository, name, revision=revision or None))
    except (HfHubHTTPError, HFValidationError, OSError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"cannot fetch {name} of {repository} from the hub ({reason}); "
            "fetch it yourself and give its path"
        ) from error
