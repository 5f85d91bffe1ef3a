"""The audit as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import io
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from reid_data.audit.balance import Distribution
from reid_data.audit.leakage import Duplicate
from reid_data.audit.report import AuditReport
from reid_data.files import replacing
from reid_data.images import UnreadableImagesError, read_image
from reid_data.records import Records

__all__ = ["write_page"]

_THUMBNAIL = (96, 192)  # width and height that a picture fits into
_CHART = (360, 120)
_NOBODY = ("distractor", "junk")


def write_page(
    path: Path | str, *, report: AuditReport, records: Records, title: str, examples: int = 12
) -> None:
    """Write the report as a page with the worst pictures in it.

    Args:
        path: file to write, whole or not at all.
        report: what the audit found.
        records: the data set, for its pictures.
        title: heading of the page.
        examples: at most so many pairs, labels and blurred images are shown.
    """
    across = [item for item in report.duplicates if item.across]
    conflicts = [item for item in report.duplicates if item.conflicting]
    page = _template().render(
        title=title,
        facts=_facts(report, records),
        summary=report.summary(),
        pairs=[
            _pairs("Duplicates across train and test", across, records, examples),
            _pairs("Duplicates of different people", conflicts, records, examples),
        ],
        suspicious=[
            {
                "picture": _picture(records, item.path),
                "path": item.path,
                "text": f"said to be {item.pid} ({item.own_similarity:.2f}), "
                f"looks like {item.looks_like} ({item.other_similarity:.2f})",
            }
            for item in (report.suspicious or ())[:examples]
        ],
        blurred=[
            {"picture": _picture(records, path), "path": path} for path in report.blurred[:examples]
        ],
        unreadable=report.unreadable[: 10 * examples],
        unreadable_count=len(report.unreadable),
        shared=_numbers(report.shared_identities),
        one_camera={side: _numbers(pids) for side, pids in report.one_camera.items()},
        balance=[_balance(item) for item in report.balance],
        charts=[
            _histogram("Height in pixels", report.heights),
            _histogram("Width in pixels", report.widths),
            _histogram("Sharpness (variance of the Laplacian)", report.sharpness),
            *(
                _histogram(f"Images of one identity, {item.split}", item.images_per_identity)
                for item in report.balance
                if item.split not in _NOBODY
            ),
        ],
        footer=f"Written by reid-data {version('reid-data')}.",
    )
    with replacing(Path(path)) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("reid_data.audit", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _facts(report: AuditReport, records: Records) -> list[tuple[str, str]]:
    facts = [("Folder", str(records.root)), ("Images", f"{report.images:,}")]
    if records.info is not None:
        facts += [("Data set", records.info.name), ("Licence", records.info.licence)]
    facts.append(
        (
            "Near duplicates",
            (
                f"at most {report.options['max_distance']} of 64 bits apart, correlation at least "
                f"{report.options['min_correlation']}"
            ),
        )
    )
    return facts


def _pairs(heading: str, found: list[Duplicate], records: Records, examples: int) -> dict[str, Any]:
    return {
        "heading": heading,
        "count": len(found),
        "shown": [
            {
                "kind": item.kind,
                "alike": f"{item.distance} bits apart, correlation {item.correlation:.2f}",
                "sides": [
                    {
                        "picture": _picture(records, path),
                        "path": path,
                        "text": f"{split}, identity {pid}",
                    }
                    for path, split, pid in (
                        (item.first, item.first_split, item.first_pid),
                        (item.second, item.second_split, item.second_pid),
                    )
                ],
            }
            for item in found[:examples]
        ],
    }


def _picture(records: Records, path: str) -> str | None:
    """A ``data:`` address of the picture, made small; None where it cannot be read."""
    width, height = _THUMBNAIL
    try:
        image = Image.fromarray(read_image(records.root / path, at_least=(height, width)))
    except UnreadableImagesError:
        return None
    image.thumbnail(_THUMBNAIL)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _numbers(pids: Any, limit: int = 60) -> dict[str, Any]:
    shown = ", ".join(str(pid) for pid in pids[:limit])
    more = f" and {len(pids) - limit:,} more" if len(pids) > limit else ""
    return {"count": len(pids), "text": shown + more}


def _balance(item: Any) -> dict[str, Any]:
    most = max(item.images_per_camera.values())
    return {
        "split": item.split,
        "people": item.split not in _NOBODY,
        "images": item.images,
        "identities": item.identities,
        "median": item.images_per_identity.median,
        "cameras": [
            {
                "name": name,
                "images": images,
                "identities": item.identities_per_camera[name],
                "share": round(100 * images / most, 1),
            }
            for name, images in item.images_per_camera.items()
        ],
    }


def _histogram(title: str, spread: Distribution) -> dict[str, Any]:
    """Bars in the units of an SVG picture."""
    width, height = _CHART
    step = width / max(len(spread.bins), 1)
    most = max(spread.bins, default=1) or 1
    return {
        "title": title,
        "width": width,
        "height": height,
        "bars": [
            {
                "x": round(step * at + 0.5, 2),
                "y": round(height - height * count / most, 2),
                "width": round(max(step - 1, 0.5), 2),
                "height": round(height * count / most, 2),
                "text": f"{spread.edges[at]:g} to {spread.edges[at + 1]:g}: {count:,}",
            }
            for at, count in enumerate(spread.bins)
        ],
        "low": f"{spread.minimum:g}",
        "high": f"{spread.maximum:g}",
        "text": f"median {spread.median:g}, mean {spread.mean:g}",
    }
