"""``reid-eval gallery serve``: the gallery behind HTTP, with a page."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid_data.console import Device, Json, note, require, show
from reid_eval.cli.options import Flip, Model
from reid_eval.views import Views

if TYPE_CHECKING:
    from reid_eval.service.limits import Limits
    from reid_eval.service.serving import Address

__all__ = ["serve_command"]

_EXTRA = "reid-eval[serve]"
_WHAT = "reid-eval gallery serve"


def serve_command(
    gallery: Annotated[
        str, typer.Argument(metavar="GALLERY", help="Folder, or milvus://host:port/collection.")
    ],
    model: Model = "",
    images: Annotated[
        Path | None,
        typer.Option(
            "--images", help="Folder that the pictures lie in: none outside of it is shown."
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", help="JSON file of `reid-eval identify`: probabilities."),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; this machine's own is not seen.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")
    ] = 8600,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="Folder of tokens and audit log [GALLERY/service]."),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Nobody may delete; others may write meanwhile.")
    ] = False,
    rate: Annotated[
        int, typer.Option("--rate", min=1, help="Searches a minute of each token.")
    ] = 300,
    upload_bytes: Annotated[
        int, typer.Option("--upload-bytes", min=1, help="Of one image.")
    ] = 10_000_000,
    pixels: Annotated[
        int, typer.Option("--pixels", min=1, help="Of one image, once decoded.")
    ] = 16_000_000,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="PEM file: speak HTTPS.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="PEM file of the certificate.")] = None,
    flip: Flip = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Serve a gallery: search by image in a browser, or through the interface it describes.

    The first start makes a token and prints it once. Ctrl-C ends the service.
    """
    for module in ("fastapi", "uvicorn"):
        require(module, extra=_EXTRA, for_what=_WHAT)
    _check_folders(images, certificate, key)
    from reid_eval.service.limits import Limits
    from reid_eval.service.serving import Address

    limits = Limits(upload_bytes=upload_bytes, pixels=pixels, searches_per_minute=rate)
    address = Address(host, port, certificate, key)
    _serve(
        gallery,
        model,
        state or _state(gallery),
        address,
        limits,
        images=images,
        calibration=calibration,
        read_only=read_only,
        views=Views(flip=flip),
        device=device,
        as_json=as_json,
    )


def _serve(
    url: str,
    model: str,
    state: Path,
    address: Address,
    limits: Limits,
    *,
    images: Path | None,
    calibration: Path | None,
    read_only: bool,
    views: Views,
    device: str,
    as_json: bool,
) -> None:
    from reid_eval.cli.sides import Pass, open_model
    from reid_eval.gallery import Gallery
    from reid_eval.open_set import Calibration
    from reid_eval.service.audit import AuditLog
    from reid_eval.service.desk import Desk
    from reid_eval.service.serving import listen, serve
    from reid_eval.service.tokens import Tokens

    with ExitStack() as stack:
        # What can be refused at once comes before the model, which takes seconds.
        chosen = None if calibration is None else Calibration.load(calibration)
        opened = stack.enter_context(Gallery.open(url, "read" if read_only else "write"))
        listener = stack.enter_context(listen(address))
        embedder = open_model(
            Pass(model, device, 1, 0, views, skip_unreadable=False), needed_for="searches"
        )
        tokens, new = Tokens.open(state / "tokens")
        audit = AuditLog(state / "audit.jsonl")
        stack.callback(audit.close)
        desk = Desk(
            opened,
            embedder,
            audit,
            calibration=chosen,
            views=views,
            images=images,
            limits=limits,
            can_delete=not read_only,
        )
        stack.callback(desk.close)
        _announce(address, listener.getsockname()[1], state, new, images, as_json=as_json)
        # uvicorn finishes what is on its way and then raises the signal again, for this.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        serve(desk, tokens, address, listener)


def _announce(
    address: Address,
    port: int,
    state: Path,
    token: str | None,
    images: Path | None,
    *,
    as_json: bool,
) -> None:
    if token is None:
        note(f"Tokens         {state / 'tokens'}")
    else:
        note(f"Token          {token}\n               shown this once, kept in {state / 'tokens'}")
    note(f"Audit log      {state / 'audit.jsonl'}")
    if images is None:
        note("Pictures       those inside the gallery; --images FOLDER shows files as well")
    if not address.is_local and address.certificate is None:
        note(
            "Warning        other machines can reach this, and tokens travel unencrypted; "
            "use --certificate and --key, or a proxy with HTTPS"
        )
    # On stdout, for whoever starts this from a program.
    if as_json:
        files = {"tokens": str(state / "tokens"), "audit_log": str(state / "audit.jsonl")}
        show([], as_json=True, payload={"url": address.url(port), "token": token, **files})
    else:
        sys.stdout.write(f"Serving on     {address.url(port)}\n")
    sys.stdout.flush()


def _state(gallery: str) -> Path:
    """Beside what a gallery folder holds; a server's galleries have no folder here."""
    if "://" in gallery:
        raise ValueError(
            "--state is missing: a folder for the tokens and the audit log, as the gallery "
            f"{gallery.rpartition('@')[2]} has none here"
        )
    return Path(gallery) / "service"


def _check_folders(images: Path | None, *files: Path | None) -> None:
    if images is not None and not images.is_dir():
        raise ValueError(f"--images {images} is no folder")
    for file in files:
        if file is not None and not file.is_file():
            raise ValueError(f"{file} is no file; expected a PEM file")
