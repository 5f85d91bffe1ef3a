"""A model as a repository on the Hugging Face hub."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from reid_core.models.card import CARD
from reid_data.hub import HUB, is_on_hub

__all__ = ["Pushed", "push_model"]

# What only training needs stays here: state to resume from, classifiers, event files.
_FOLDER_FILES = (CARD, "model.json", "model.safetensors", "recipe.yaml", "metrics.csv")
_FILE_ENDINGS = (".onnx", ".xml", ".pt2")


@dataclass(frozen=True)
class Pushed:
    """What has been pushed.

    Attributes:
        model: the name by which it is loaded again, ``hf://owner/name``.
        url: of the commit.
        files: what it consists of.
    """

    model: str
    url: str
    files: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def push_model(
    source: str | PathLike[str],
    name: str,
    *,
    private: bool = False,
    message: str = "Push a model",
    revision: str | None = None,
) -> Pushed:
    """Push a checkpoint folder, or an exported file with its card, to the hub.

    The token is the one that ``hf auth login`` keeps.

    Args:
        source: checkpoint folder, or a file of ``reid-core export``.
        name: ``owner/name`` of the repository, which is made where it does not exist.
        private: whether a new repository is.
        message: of the commit.
        revision: branch to push to; none: the main one.

    Raises:
        ValueError: there is no model, the name is malformed, or the hub refuses.
    """
    name = name.removeprefix(HUB)
    if name.count("/") != 1 or not all(name.split("/")):
        raise ValueError(f"expected a name on the hub as owner/name, came {name!r}")
    files = _files(Path(source))
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    operations = [
        CommitOperationAdd(path_in_repo=there, path_or_fileobj=str(here))
        for there, here in files.items()
    ]
    api = HfApi()
    try:
        api.create_repo(name, private=private, exist_ok=True)
        commit = api.create_commit(name, operations, commit_message=message, revision=revision)
    except (HfHubHTTPError, HFValidationError, OSError, RuntimeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"cannot push to {name} ({reason}); is there a token (hf auth login) that may write?"
        ) from error
    return Pushed(f"{HUB}{name}", str(commit.commit_url), tuple(files))


def _files(source: Path) -> dict[str, Path]:
    """What to push: names there, and paths here."""
    if is_on_hub(source):
        raise ValueError(f"{source} is on the hub already; name a folder or a file here")
    if source.is_dir():
        files = {each: source / each for each in _FOLDER_FILES if (source / each).is_file()}
        if not {"model.json", "model.safetensors"} <= set(files):
            raise ValueError(f"{source} is no checkpoint folder: model.json or its weights miss")
        return files
    if not source.is_file() or source.suffix not in _FILE_ENDINGS:
        raise ValueError(
            f"expected a checkpoint folder, or a file ending in {', '.join(_FILE_ENDINGS)}; came "
            f"{source}"
        )
    files = {source.name: source}
    weights, card = source.with_suffix(".bin"), source.with_suffix(".md")
    if source.suffix == ".xml":
        files[weights.name] = weights
    return files | ({CARD: card} if card.is_file() else {})
