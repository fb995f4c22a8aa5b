"""The first reading page: a folder of drafts as a worklist, on this machine only, read only.

Unusual here: nothing is trusted that came in with a study. Every response carries a strict
Content-Security-Policy; a draft's page runs in a sandbox of its own origin; a request that names
another host is refused, so a web site cannot reach the page by pointing its own name here."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import socket
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from radgloss.exchange.html import ROOM_SLOT
from radgloss.exchange.words import as_sentence
from radgloss.room.worklist import Row, find_row, page_of, rows
from radgloss.types import MACHINE_MARK, InputRejected

__all__ = ["create_app", "serve"]

_TYPES = {
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".dcm": "application/dicom",
}
_LABELS = {
    "draft.txt": "Text",
    "draft.json": "JSON",
    "draft.html": "HTML",
    "draft.dcm": "DICOM SR",
    "draft.fhir.json": "FHIR",
    "provenance.json": "Provenance",
}
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# A draft's page names its own script by hash in its own policy; the sandbox takes away the rest.
_DRAFT_POLICY = (
    f"sandbox allow-scripts allow-downloads; {_CLOSED}; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)

_environment = Environment(
    loader=PackageLoader("radgloss.room", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["sentence"] = as_sentence


def create_app(folder: Path) -> FastAPI:
    """The reading page over that output folder, read anew at every request.

    `InputRejected` (`no-folder`) where it is not a folder."""
    if not folder.is_dir():
        raise InputRejected(
            "no-folder", str(folder), "no folder", "a folder of drafts", "Check the path."
        )
    app = FastAPI(title="radgloss", docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_guard)

    @app.get("/")
    def worklist() -> Response:
        return _page("worklist.html", rows=rows(folder))

    @app.get("/d/{name}")
    def draft(name: str) -> Response:
        row = _found(folder, name)
        page = page_of(row)
        if page is None or row.state not in ("draft", "abstained"):
            return _page("plain.html", row=row)
        headers = {"Content-Security-Policy": _DRAFT_POLICY}
        return Response(page.replace(ROOM_SLOT, _way_back(row), 1), 200, headers, _TYPES[".html"])

    @app.get("/d/{name}/{file}")
    def download(name: str, file: str) -> Response:
        row = _found(folder, name)
        if file not in row.files:
            raise HTTPException(404)
        headers = {
            "Content-Security-Policy": f"sandbox; {_CLOSED}",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{name}.{file}')}",
        }
        content = (row.folder / file).read_bytes()
        return Response(content, 200, headers, _TYPES[Path(file).suffix])

    return app


def serve(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 8765,
    open_browser: bool = False,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Serves the folder until interrupted. Port 0: any free one.

    `ready` is told the address once it is open; by default it is printed.

    `InputRejected`: an address other than this machine's own (`not-loopback`), or a port in use
    (`port-in-use`)."""
    if not _is_loopback(host):
        raise InputRejected(
            "not-loopback",
            "the address",
            repr(host),
            "127.0.0.1, ::1 or localhost: drafts stay on this machine",
            "Leave the address out.",
        )
    import uvicorn

    app = create_app(folder)
    with _listen(host, port) as listener, suppress(KeyboardInterrupt):  # how a person ends it
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}/"
        (ready or _tell)(address)
        if open_browser:
            webbrowser.open(address)
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


def _tell(address: str) -> None:
    print(f"Reading page: {address} (Ctrl+C ends it)", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputRejected(
            "port-in-use",
            f"port {port}",
            "a port that cannot be opened",
            "a free port",
            "Name another one, or 0 for any.",
        ) from error


# ------------------------------------------------------------------ the guard


async def _guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    if _is_loopback(_host_name(request.headers.get("host", ""))):
        response = await answer(request)
    else:
        response = Response("This page answers only to its own machine's name.", 421)
    response.headers.setdefault("Content-Security-Policy", _CLOSED)
    for name, value in _EVERYWHERE.items():
        response.headers[name] = value
    return response


def _host_name(header: str) -> str:
    """The host of a Host header without its port: `[::1]:80` → `::1`."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# ------------------------------------------------------------------ pages


def _found(folder: Path, name: str) -> Row:
    row = find_row(folder, name)
    if row is None:
        raise HTTPException(404)
    return row


def _page(template: str, **values: Any) -> Response:
    source = _environment.loader.get_source(_environment, "room.css")[0]  # type: ignore[union-attr]
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    content = _environment.get_template(template).render(
        mark=MACHINE_MARK, style=Markup(source), labels=_LABELS, quote=_quote, **values
    )
    policy = f"{_CLOSED}; style-src 'sha256-{digest}'"
    return Response(content, 200, {"Content-Security-Policy": policy}, _TYPES[".html"])


def _quote(name: str) -> str:
    return quote(name, safe="")


def _way_back(row: Row) -> str:
    """The bar that leads from a draft to the worklist and to its other formats."""
    links = (
        f'<a href="/d/{_quote(row.name)}/{escape(f)}" download>{_LABELS[f]}</a>' for f in row.files
    )
    return f'<nav class="room"><a href="/">← Worklist</a>{"".join(links)}</nav>'
