"""SVG as text. Every value is escaped; colours are classes, so that the stylesheet decides about themes."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Content = Markup | str


def tag(name: str, *inside: Content, **attributes: object) -> Markup:
    """One element. `class_`, `text_anchor` and the like become `class`, `text-anchor`; None is left out."""
    told = Markup("").join(
        Markup(' {}="{}"').format(_name(key), _number(value)) for key, value in attributes.items() if value is not None
    )
    content = Markup("").join(escape(part) for part in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), told, content)


def drawing(width: float, height: float, summary: str, parts: Iterable[Content], **attributes: object) -> Markup:
    """A picture with its meaning in one sentence, for who cannot see it. It grows and shrinks with its place."""
    return tag(
        "svg",
        tag("title", summary),
        *parts,
        viewBox=f"0 0 {_number(width)} {_number(height)}",
        role="img",
        aria_label=summary,
        **attributes,
    )


def decoration(width: float, height: float, parts: Iterable[Content], **attributes: object) -> Markup:
    """A picture beside words that say the same: screen readers pass over it."""
    view = f"0 0 {_number(width)} {_number(height)}"
    return tag("svg", *parts, viewBox=view, aria_hidden="true", focusable="false", **attributes)


def rect(x: float, y: float, width: float, height: float, class_: str, rx: float = 0, **more: object) -> Markup:
    return tag("rect", x=x, y=y, width=max(width, 0), height=max(height, 0), rx=rx or None, class_=class_, **more)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def label(x: float, y: float, text: str, class_: str, anchor: str = "start") -> Markup:
    return tag("text", text, x=x, y=y, class_=class_, text_anchor=None if anchor == "start" else anchor)


def linked(part: Markup, href: str) -> Markup:
    """A part that leads somewhere when it is clicked. The table beside it has the same link, for keys and no script."""
    return tag("g", part, class_="go", data_href=href) if href else part


def points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in places)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _number(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value
