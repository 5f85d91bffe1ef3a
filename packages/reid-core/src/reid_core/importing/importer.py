"""A published checkpoint, told what it is or recognised, as a model of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike, fspath

from torch import Tensor

from reid_core.importing.known import list_sources, sources
from reid_core.importing.reading import read_published
from reid_core.importing.roboflow import check_timm, folder_files, read_config, translate_folder
from reid_core.importing.translation import Translation
from reid_core.keys import mismatch
from reid_core.models import ReidModel, create_model
from reid_core.models.pooling import PoolingName
from reid_data.hub import local_file

__all__ = ["Imported", "import_model"]


@dataclass(frozen=True)
class Imported:
    """An imported model.

    Attributes:
        model: in evaluation mode.
        source: the project that published it.
        heads: its classifier and the like, by name.
        left_out: keys of the file for which a model has no use.
    """

    model: ReidModel
    source: str
    heads: dict[str, Tensor]
    left_out: tuple[str, ...]


def import_model(
    path: str | PathLike[str],
    *,
    source: str = "auto",
    image_size: tuple[int, int] | None = None,
    last_stride: int | None = None,
    pooling: PoolingName | None = None,
) -> Imported:
    """Build the network of a published checkpoint and load it strictly.

    Depth, width, IBN, non-local blocks, reduction and neck are read off the names and shapes.

    Args:
        path: a file of torchreid, fast-reid, reid-strong-baseline or centroids-reid, local or
            ``hf://owner/repository/file``; or a folder of roboflow's ``reid``, local or
            ``hf://owner/repository``.
        source: the project, see `list_sources`, or ``"auto"`` to recognise it.
        image_size: (height, width); none: what the checkpoint says, or 256 x 128.
        last_stride: of the last stage, which no file tells; none: the project's usual.
        pooling: none: as the file tells, or the project's usual.

    Raises:
        ValueError: it cannot be read, is of no known project, or does not fit; names the keys.
    """
    text = fspath(path)
    files = folder_files(text) if source in ("auto", "roboflow") else None
    if files is not None:
        config, weights = read_config(files[0]), read_published(files[1])
        translation, source = translate_folder(config, weights), "roboflow"
    elif source == "roboflow":
        raise ValueError(f"{text} is no model folder of roboflow's reid: expected reid_config.json")
    else:
        weights = read_published(local_file(text))
        source = _recognised(weights, text) if source == "auto" else source
        translation = sources[source].translate(weights)
    model = _built(translation, text, image_size, last_stride, pooling)
    if translation.name.startswith("timm:"):
        check_timm(model, translation.name, weights)
    return Imported(model, source, dict(translation.heads), translation.left_out)


def _recognised(weights: dict[str, Tensor], path: str) -> str:
    claims = [name for name in list_sources() if sources[name].claims(weights)]
    if len(claims) != 1:
        seen = ", ".join(list(weights)[:3])
        raise ValueError(
            f"{path} is of no known project (its keys begin with {seen}); known: "
            f"{', '.join(list_sources())}, and folders of roboflow's reid"
        )
    return claims[0]


def _built(
    translation: Translation,
    path: str,
    image_size: tuple[int, int] | None,
    last_stride: int | None,
    pooling: PoolingName | None,
) -> ReidModel:
    asked = {"image_size": image_size, "last_stride": last_stride, "pooling": pooling}
    given = {key: value for key, value in asked.items() if value is not None}
    model = create_model(translation.name, **{**translation.arguments, **given})
    problem = mismatch(model.state_dict(), translation.weights)
    if problem:
        raise ValueError(f"{path} does not fit {translation.name}: {problem}")
    model.load_state_dict(dict(translation.weights), strict=False)
    usual = model.preprocessing
    model.preprocessing = replace(
        usual, mean=translation.mean or usual.mean, std=translation.std or usual.std
    )
    return model.eval()
