"""The verb `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_attr.options import Model
from reid_data.console import BatchSize, Device, Json, Workers, note, progress, show

if TYPE_CHECKING:
    import pandas as pd

    from reid_data import Records

__all__ = ["predict"]

_SHOWN = 10
_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def predict(
    model: Model,
    images: Annotated[Path, typer.Argument(help="An image, or a folder of images.")],
    out: Annotated[Path, typer.Option("--out", help="Table to write: .csv or .parquet.")],
    device: Device = "auto",
    batch_size: BatchSize = 128,
    workers: Workers = 0,
    as_json: Json = False,
) -> None:
    """Write the attributes of images: probabilities, and each group in words."""
    import pandas as pd
    import torch

    from reid_attr.decoding import decide, describe, probabilities_of
    from reid_attr.models import load_attribute_model, read_attribute_checkpoint
    from reid_attr.recognition import recognize
    from reid_eval.embedders import resolve_device

    if out.suffix.lower() not in (".csv", ".parquet"):
        raise ValueError(f"--out must end in .csv or .parquet, came {out.name}")
    records, place = _records(images), resolve_device(device)
    about, network = read_attribute_checkpoint(model), load_attribute_model(model)
    with progress("recognising", len(records)) as advance:
        logits = recognize(
            network,
            records,
            device=place,
            batch_size=batch_size,
            workers=workers,
            advance=advance,
        )
    schema = about.schema
    scores = probabilities_of(torch.from_numpy(logits), schema, softmax=about.softmax).numpy()
    holds = decide(
        scores, schema, thresholds=about.thresholds, by_group=True, softmax=about.softmax
    )
    words = pd.DataFrame(describe(holds, schema)).add_prefix("group:")
    table = pd.concat(
        [records.table[["path"]], words, pd.DataFrame(scores, columns=list(schema.names))], axis=1
    )
    _write(table, out)
    show(_shown(table), as_json=as_json, payload={"images": len(table), "table": str(out)})
    note(f"{len(table)} images, all probabilities in {out}")


def _records(images: Path) -> Records:
    import pandas as pd

    from reid_data import Records

    if images.is_file():
        folder, names = images.parent, [images.name]
    else:
        folder = images
        found = (path for path in sorted(images.rglob("*")) if path.suffix.lower() in _SUFFIXES)
        names = [path.relative_to(images).as_posix() for path in found]
    if not names:
        raise ValueError(f"expected an image or a folder of images at {images}; found none")
    return Records(pd.DataFrame({"path": names, "pid": -1, "split": "gallery"}), folder)


def _write(table: pd.DataFrame, out: Path) -> None:
    from reid_data.files import replacing

    with replacing(out) as temporary:
        if out.suffix.lower() == ".csv":
            table.to_csv(temporary, index=False, float_format="%.6f")
        else:
            table.to_parquet(temporary, index=False)


def _shown(table: pd.DataFrame) -> list[dict[str, str]]:
    groups = [column for column in table if str(column).startswith("group:")]
    head = table.head(_SHOWN)
    rows = head[groups].itertuples(index=False)
    words = [", ".join(str(word) for word in row if word) for row in rows]
    return [
        {"image": str(path), "attributes": text}
        for path, text in zip(head["path"], words, strict=True)
    ]
