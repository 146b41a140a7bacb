"""What somebody may not do is shown disabled, with whose it is: from the very table that guards the routes.

Pages are drawn as for an owner; what leads to a route that needs a right somebody lacks is then shut, so that no
template can forget it and none can disagree with the guard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed

_PART = re.compile(r"\{\w+(?::((?:[^{}]|\{[^}]*\})*))?\}")
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_LINK = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.DOTALL)
_BUTTON = re.compile(r"<button\b([^>]*?\bformaction=\"[^\"]*\"[^>]*)>")
_MAIN = '<main class="main" id="main">'


class Guarded(NamedTuple):
    """A route of the console and what it needs."""

    method: str
    path: str
    right: Right


class Gate:
    """Which right an address of the console needs."""

    def __init__(self, rows: Iterable[Guarded]) -> None:
        self._whole: dict[tuple[str, str], Right] = {}
        self._parts: dict[tuple[str, str], list[tuple[re.Pattern[str], Right]]] = {}
        for row in rows:
            if "{" not in row.path:
                self._whole.setdefault((row.method, row.path), row.right)
            else:
                self._parts.setdefault((row.method, _room(row.path)), []).append((_pattern(row.path), row.right))

    def right_of(self, method: str, address: str) -> Right | None:
        """None for what is no page of the console."""
        path = urlsplit(address).path
        whole = self._whole.get((method, path))
        if whole is not None:
            return whole
        found = self._parts.get((method, _room(path)), ())
        return next((right for pattern, right in found if pattern.fullmatch(path)), None)


GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)


def bar(text: str, here: str, actor: Actor, gate: Gate) -> str:
    """A page as somebody of the exchange sees it. `here` is its own address, where forms without one lead."""
    lacked: dict[Right, None] = {}

    def lacks(method: str, address: str) -> Right | None:
        right = gate.right_of(method, unescape(address))
        if right is None or may(actor, right):
            return None
        lacked[right] = None
        return right

    def form(found: re.Match[str]) -> str:
        attributes, inner = found[1], found[2]
        if _attribute(attributes, "method").lower() != "post":
            return found[0]
        right = lacks("POST", _attribute(attributes, "action") or here)
        if right is None:
            return found[0]
        told = f'<span class="sr">{_sentence(right)}</span>'
        shut = f'<fieldset class="barred" disabled title="{_sentence(right)}">{inner}{told}</fieldset>'
        return f"<form{attributes}>{shut}</form>"

    def button(found: re.Match[str]) -> str:
        right = lacks("POST", _attribute(found[1], "formaction"))
        return found[0] if right is None else f'<button disabled title="{_sentence(right)}"{found[1]}>'

    def link(found: re.Match[str]) -> str:
        right = lacks("GET", _attribute(found[1], "href"))
        if right is None:
            return found[0]
        style = _attribute(found[1], "class")
        told = f'<span class="sr"> ({_sentence(right)})</span>'
        return f'<span class="{style} barred" title="{_sentence(right)}">{found[2]}{told}</span>'

    head, opened, body = text.partition(_MAIN)
    if not opened:
        return text
    body = _LINK.sub(link, _BUTTON.sub(button, _FORM.sub(form, body)))
    notes = " ".join(_sentence(right) for right in lacked)
    note = f'<p class="hint barred" data-testid="barred">{notes}</p>' if notes else ""
    return f"{head}{opened}{note}{body}"


def _sentence(right: Right) -> str:
    return escape(f"To {right.value} needs the role {needed(right)}.")


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf'(?<![\w-]){name}="([^"]*)"', attributes)
    return found[1] if found is not None else ""


def _room(path: str) -> str:
    """The first two steps: `/console/leads`."""
    return "/".join(path.split("/", 3)[:3])


@lru_cache(maxsize=1_024)
def _pattern(path: str) -> re.Pattern[str]:
    parts = _PART.split(path)
    texts = [re.escape(each) if number % 2 == 0 else f"(?:{each or '[^/]+'})" for number, each in enumerate(parts)]
    return re.compile("".join(texts))
