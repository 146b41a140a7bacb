"""Stylesheet, script, letters and pictures: read once, served under the hash of what they hold, kept a year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

FOLDER = Path(__file__).parent / "static"
SHEETS = (
    "tokens.css",
    "shell.css",
    "parts.css",
    "tables.css",
    "lists.css",
    "charts.css",
    "overview.css",
    "lead.css",
    "forms.css",
    "imports.css",
    "connect.css",
    "hooks.css",
    "bills.css",
    "work.css",
    "builder.css",
    "sellers.css",
    "account.css",
    "alerts.css",
    "rules.css",
    "small.css",
    "print.css",
)
"""The parts of app.css, in order: what is later wins."""
SCRIPTS = ("pages.js", "keys.js", "lists.js", "find.js", "live.js", "trees.js")
"""The parts of app.js, in order. Each keeps to itself."""

_TYPES: Mapping[str, str] = MappingProxyType(
    {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
)
_YEAR = "public, max-age=31536000, immutable"
_HASH_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    content_type: str
    path: str  # /static/0f3a…/app.css


def load_assets(folder: Path = FOLDER) -> Mapping[str, Asset]:
    """Every asset by its name."""
    fonts = {path.name: _asset(path.name, path.read_bytes()) for path in sorted((folder / "fonts").glob("*.woff2"))}
    sheet = b"\n".join((folder / "css" / name).read_bytes() for name in SHEETS).decode()
    for name, font in fonts.items():
        sheet = sheet.replace(f"url({name})", f"url({font.path})")
    found = {"app.css": sheet.encode()}
    found["app.js"] = b"\n".join((folder / "js" / name).read_bytes() for name in SCRIPTS)
    found |= {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _TYPES}
    return MappingProxyType({name: _asset(name, body) for name, body in found.items()} | fonts)


def _asset(name: str, body: bytes) -> Asset:
    digest = sha256(body).hexdigest()[:_HASH_LETTERS]
    return Asset(body, _TYPES[Path(name).suffix], f"/static/{digest}/{name}")


def add_assets(app: web.Application, assets: Mapping[str, Asset]) -> None:
    by_path = {asset.path: asset for asset in assets.values()}

    async def serve(request: web.Request) -> web.Response:
        asset = by_path.get(request.path)
        if asset is None:
            raise web.HTTPNotFound
        letters = asset.content_type == "font/woff2"  # packed already
        response = web.Response(body=asset.body, content_type=asset.content_type, charset=None if letters else "utf-8")
        response.headers["Cache-Control"] = _YEAR
        if not letters:
            response.enable_compression()
        return response

    app.router.add_get("/static/{digest}/{name}", serve)
