"""The line icons of every page, 16 by 16: the inside of each `<svg>`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from markupsafe import Markup

_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "home": '<path d="M2.5 7 8 2.5 13.5 7v6a.6.6 0 0 1-.6.6H9.8V10H6.2v3.6H3.1a.6.6 0 0 1-.6-.6z"/>',
        "pulse": '<path d="M1.5 8h3l2-5 3 10 2-5h3"/>',
        "list": '<path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01"/>',
        "return": '<path d="M6 3 2.8 6.2 6 9.4M3 6.2h6.5a3.6 3.6 0 0 1 0 7.2H6"/>',
        "person": '<circle cx="8" cy="5.2" r="2.6"/><path d="M2.8 13.6c.6-2.7 2.6-4 5.2-4s4.6 1.3 5.2 4"/>',
        "money": '<rect x="1.8" y="3.8" width="12.4" height="8.4" rx="1.2"/><circle cx="8" cy="8" r="1.9"/>',
        "search": '<circle cx="7" cy="7" r="4.3"/><path d="m10.3 10.3 3.2 3.2"/>',
        "moon": '<path d="M13.3 9.6A5.6 5.6 0 0 1 6.4 2.7a5.6 5.6 0 1 0 6.9 6.9z"/>',
        "sun": '<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.5M8 13v1.5M1.5 8h1.5M13 8h1.5M3.4 3.4l1 1'
        'M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1"/>',
        "auto": '<circle cx="8" cy="8" r="5.6"/><path d="M8 2.4v11.2M8 5h3.8M8 8h5.5M8 11h3.8"/>',
        "plus": '<path d="M8 3v10M3 8h10"/>',
        "check": '<path d="m3 8.5 3.2 3.2L13 4.8"/>',
        "cross": '<path d="m4 4 8 8M12 4l-8 8"/>',
        "dash": '<path d="M4 8h8"/>',
        "clock": '<circle cx="8" cy="8" r="5.6"/><path d="M8 4.8V8l2.2 1.6"/>',
        "question": '<path d="M5.6 6a2.4 2.4 0 1 1 3.6 2c-.8.5-1.2 1-1.2 1.9M8 12.5v.01"/>',
        "tag": '<path d="M2.5 7.5v-4a1 1 0 0 1 1-1h4l6 6-5 5zM5.3 5.3h.01"/>',
        "in": '<path d="M8 2.5v7.7M5 7.5l3 3 3-3M3 13.5h10"/>',
        "phone": '<path d="M3.2 2.5h2.6l1.2 3-1.6 1.2a8 8 0 0 0 3.9 3.9l1.2-1.6 3 1.2v2.6c-5.5.9-11.2-4.8'
        '-10.3-10.3z"/>',
        "out": '<path d="M8 10.5V2.8M5 5.6l3-2.9 3 2.9M3 13.5h10"/>',
        "tree": '<path d="M8 13.5V8M8 8c0-3-4-2-4-5.5M8 8c0-3 4-2 4-5.5M8 8V2.5"/>',
        "gavel": '<path d="m7 3 5 5M5.5 4.5l5 5M8.5 2l-4.5 4.5M13.5 7 9 11.5M7 8.5 2.5 13"/>',
        "chevron": '<path d="m6 4 4 4-4 4"/>',
        "play": '<path d="M4.5 3v10l8-5z"/>',
        "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1.2"/>'
        '<path d="M3.6 10.5h-.4a.7.7 0 0 1-.7-.7V3.2c0-.4.3-.7.7-.7h6.6c.4 0 .7.3.7.7v.4"/>',
        "link": '<path d="M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7l-.7.7'
        'M9.3 6.7a2.6 2.6 0 0 0-3.7 0L3.3 9a2.6 2.6 0 0 0 3.7 3.7l.7-.7"/>',
        "warning": '<path d="M8 2.3 14.3 13.3H1.7zM8 6.5v3M8 11.3v.01"/>',
        "eye": '<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="2"/>',
        "shield": '<path d="M8 2 13 4v4c0 3.5-2.3 5.2-5 6-2.7-.8-5-2.5-5-6V4zM5.8 8l1.6 1.6L10.4 6.5"/>',
        "book": '<path d="M3 3.5c2-.8 3.7-.8 5 .5 1.3-1.3 3-1.3 5-.5v9c-2-.8-3.7-.8-5 .5-1.3-1.3-3-1.3-5-.5zM8 4v9"/>',
        "leave": '<path d="M6.5 2.5h-3a.7.7 0 0 0-.7.7v9.6c0 .4.3.7.7.7h3M10 11l3-3-3-3M13 8H6.5"/>',
        "plug": '<path d="M5.5 2.5v3M10.5 2.5v3M4 5.5h8v2a4 4 0 0 1-8 0zM8 11.5v2.5"/>',
        "key": '<circle cx="5" cy="11" r="2.8"/><path d="m7 9 6.5-6.5M11 5l2 2M9 7l1.5 1.5"/>',
        "more": '<path d="M2.5 4h11M2.5 8h11M2.5 12h11"/>',
        "bell": '<path d="M3.5 11.5c1-1 1.2-2 1.2-4a3.3 3.3 0 0 1 6.6 0c0 2 .2 3 1.2 4z'
        'M6.6 13.3a1.5 1.5 0 0 0 2.8 0"/>',
        "building": '<path d="M3 13.5v-11h6v11M9 6h4v7.5M1.8 13.5h12.4M5 5h2M5 7.5h2M5 10h2M11 8.5h.01M11 11h.01"/>',
        "shop": '<path d="M2.5 6.5 3.3 3h9.4l.8 3.5a1.8 1.8 0 0 1-3.6 0 1.8 1.8 0 0 1-3.7 0 1.8 1.8 0 0 1-3.7 0z'
        'M3.3 8.5v5h9.4v-5M6.5 13.5v-3h3v3"/>',
        "chart": '<path d="M2.5 2.5v11h11M5.5 11V8M8.3 11V5M11.1 11V6.5"/>',
        "flask": '<path d="M6.2 2.5h3.6M6.8 2.5v4L3.3 12.3a.8.8 0 0 0 .7 1.2h8a.8.8 0 0 0 .7-1.2L9.2 6.5v-4M5 10h6"/>',
        "gear": '<circle cx="8" cy="8" r="2.1"/><path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5'
        'M11 11l1.4 1.4M3.6 12.4 5 11M11 5l1.4-1.4"/>',
        "file": '<path d="M4 2.5h5l3 3v8H4zM9 2.5v3h3M6 8.5h4M6 11h4"/>',
        "path": '<circle cx="3.5" cy="12.3" r="1.4"/><circle cx="12.5" cy="3.7" r="1.4"/>'
        '<path d="M5 12.3h4.7a2.2 2.2 0 0 0 0-4.3H6.3a2.2 2.2 0 0 1 0-4.3H11"/>',
        "columns": '<path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10"/>',
        "star": '<path d="m8 2.3 1.7 3.6 3.9.5-2.9 2.7.7 3.9L8 11.1l-3.4 1.9.7-3.9-2.9-2.7 3.9-.5z"/>',
        "keys": '<rect x="1.8" y="4" width="12.4" height="8" rx="1.2"/><path d="M4.3 6.5h.01M7 6.5h.01'
        'M9.5 6.5h.01M12 6.5h.01M5 9.7h6"/>',
        "mark": '<path d="M2 8h3.5M10.5 4H14M10.5 12H14M5.5 8c2.5 0 2-4 5-4M5.5 8c2.5 0 2 4 5 4"/>',
    }
)


def icon(name: str) -> Markup:
    """An icon beside words: it says nothing by itself, so screen readers pass over it."""
    shape = Markup(_SHAPES[name])
    return Markup('<svg class="i" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>').format(shape)
