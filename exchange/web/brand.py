"""The operator's colour and logo, for everybody who opens a page."""

from __future__ import annotations

from aiohttp import web

from exchange.model.colour import BadColour, Shades, dark_shades, light_shades, read_colour
from exchange.storage.logos import read_logo
from exchange.web.keys import MARKET
from exchange.web.pages import Page

_TYPES = {"png": "image/png", "jpg": "image/jpeg"}
_YEAR = "public, max-age=31536000, immutable"
_DAY = "public, max-age=86400"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", "/brand/{colour:[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]}.css", sheet),
        Page("GET", "/brand/{name:[0-9a-f]+}.{kind:png|jpg}", logo),
    )


def sheet_of(colour: str) -> str:
    """Where the shades of a colour are; empty for none."""
    return f"/brand/{colour[1:]}.css" if colour else ""


def logo_of(name: str) -> str:
    return f"/brand/{name}" if name else ""


async def sheet(request: web.Request) -> web.StreamResponse:
    """The shades of a colour in both themes: the same for everybody who asks for it."""
    try:
        colour = read_colour(f"#{request.match_info['colour']}")
    except BadColour:
        raise web.HTTPNotFound from None
    light, dark = _rules(light_shades(colour)), _rules(dark_shades(colour))
    text = (
        f":root {{ {light} }}\n"
        f':root[data-theme="dark"] {{ {dark} }}\n'
        f'@media (prefers-color-scheme: dark) {{ :root[data-theme="auto"] {{ {dark} }} }}\n'
    )
    return web.Response(text=text, content_type="text/css", headers={"Cache-Control": _DAY})


def _rules(shades: Shades) -> str:
    accent, ink, weak, line = (each.text for each in shades)
    return f"--accent: {accent}; --accent-ink: {ink}; --accent-weak: {weak}; --accent-line: {line};"


async def logo(request: web.Request) -> web.StreamResponse:
    kind = request.match_info["kind"]
    body = await request.app[MARKET].db.read(read_logo, f"{request.match_info['name']}.{kind}")
    if body is None:
        raise web.HTTPNotFound
    return web.Response(body=body, content_type=_TYPES[kind], headers={"Cache-Control": _YEAR})
