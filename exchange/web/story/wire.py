"""Requests and replies as they went over the wire, masked: head, body, how it was read, and a command to repeat."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from exchange.connector import Match
from exchange.flows.market import Market
from exchange.model.wire import Reply
from exchange.web.story.masking import Mask
from exchange.web.story.records import Request
from exchange.web.words import duration, size

_NOT_FOR_CURL = frozenset({"content-length", "host", "connection", "accept-encoding"})
_PLACEHOLDER = "{secret}"
_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^"{}\[\],:]+', re.DOTALL)
_LONG = 60  # letters of JSON from which on it is broken into lines


@dataclass(frozen=True, slots=True)
class Message:
    """One side: `told` in a line, then the whole text. `text` None: `told` says why it is not there."""

    title: str
    told: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply. `read` says how the reply was understood; `curl` repeats the request."""

    id: str
    title: str
    took: str
    tone: str
    outcome: str
    request: Message
    response: Message
    read: tuple[Match, ...] = ()
    curl: str | None = None

    def fields(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "outcome": self.outcome,
            "took": self.took,
            "request": self.request.text,
            "response": self.response.text,
            "read": [{"where": each.where, "rule": each.rule, "meaning": each.meaning} for each in self.read],
            "curl": self.curl,
        }


def buyer_exchange(
    market: Market, wire: Mapping[str, Any], mask: Mask, number: int, title: str, tone: str, outcome: str
) -> Exchange:
    """One message to a buyer and what came back."""
    body = wire["body"].encode("latin-1").decode("utf-8", "replace")
    url = mask.text(wire["url"])
    head = [*_first_lines(wire["method"], url), *_headers(mask.headers(wire["headers"]))]
    request = Message("Request", f"{wire['method']} {url}, {size(len(wire['body']))}", _message(head, mask.text(body)))
    return Exchange(
        f"x{number}",
        title,
        duration(wire["took"]),
        tone,
        outcome,
        request,
        _response(wire, mask),
        _read(market, wire, mask),
        _curl(wire, body, mask) if _is_http(wire) else None,
    )


def _is_http(wire: Mapping[str, Any]) -> bool:
    return bool(wire["url"].startswith(("http://", "https://")))


def _first_lines(method: str, url: str) -> list[str]:
    """How the request begins; what is not HTTP begins with whom it is for."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return [f"{method} {url}"]
    query = f"?{parts.query}" if parts.query else ""
    return [f"{method} {parts.path or '/'}{query} HTTP/1.1", f"Host: {parts.netloc}"]


def seller_exchange(request: Request, number: int, title: str, kept_days: int, masks: tuple[Mask, ...]) -> Exchange:
    """The seller's request and the answer it got, byte for byte but for what is masked."""
    row = request.row
    told = f"/api/v1/{row['endpoint']}, {row['content_type'] or 'no content type'}, from {row['remote_ip']}"
    return Exchange(
        f"s{number}",
        title,
        duration(request.took_ms),
        "",
        str(row["status"] or "no answer"),
        _kept("Request", told, request, request.body, kept_days, masks, pretty_too=True),
        _kept(
            "Answer",
            _answer_told(request),
            request,
            request.answer,
            kept_days,
            masks,
        ),
    )


def _answer_told(request: Request) -> str:
    length = len((request.answer or "").encode())
    return f"{request.row['status_code'] or 'none'}, {duration(request.took_ms)}, {size(length)}"


def _kept(
    title: str,
    told: str,
    request: Request,
    text: str | None,
    kept_days: int,
    masks: tuple[Mask, ...],
    *,
    pretty_too: bool = False,
) -> Message:
    if text is None:
        why = "Erased on request." if request.erased else f"No longer kept: after {kept_days} days only the outcome is."
        if request.row["status_code"] is None:
            why = "The request was not answered yet."
        return Message(title, why, None)
    for mask in (request.mask, *masks):
        text = mask.text(text)
    return Message(title, told, pretty(text) if pretty_too else text)


def _response(wire: Mapping[str, Any], mask: Mask) -> Message:
    if "lost" in wire:
        detail = f"{wire['lost'].replace('_', ' ')}: {wire.get('detail') or 'no reply came'}"
        return Message("Response", f"none, after {duration(wire['took'])}", mask.text(detail))
    reply = wire["reply"].encode("latin-1").decode("utf-8", "replace")
    version = "HTTP/1.1 " if _is_http(wire) else ""
    head = [f"{version}{wire['status']}", *_headers(mask.headers(wire["reply_headers"]))]
    told = f"{wire['status']}, {duration(wire['took'])}, {size(len(wire['reply']))}"
    return Message("Response", told, _message(head, mask.text(reply)))


def _read(market: Market, wire: Mapping[str, Any], mask: Mask) -> tuple[Match, ...]:
    if "lost" in wire:
        return ()
    reply = Reply(wire["status"], wire["reply_headers"], wire["reply"].encode("latin-1"))
    asked = market.deals.shapes.verifiers.get(wire["contract"].removeprefix("verifier:"))
    contract = market.deals.contracts.get(wire["contract"])
    connection = market.connections.get(contract.connection) if contract is not None else None
    if connection is not None:
        found = connection.connector.explain(wire["stage"], reply)
    elif asked is not None:
        found = asked.verifier.explain(reply)
    else:
        return ()
    return tuple(Match(mask.text(each.where), mask.text(each.rule), mask.text(each.meaning)) for each in found)


def _curl(wire: Mapping[str, Any], body: str, mask: Mask) -> str:
    """The request as a command, with `{phone}` and `{secret}` to be filled in."""
    words = ["curl", "-i", "-X", wire["method"], shlex.quote(mask.placeholders(wire["url"]))]
    for name, value in mask.headers(wire["headers"], _PLACEHOLDER).items():
        if name.lower() not in _NOT_FOR_CURL:
            told = value if value.endswith(_PLACEHOLDER) else mask.placeholders(wire["headers"][name])
            words += ["-H", shlex.quote(f"{name}: {told}")]
    if body:
        words += ["--data-raw", shlex.quote(mask.placeholders(body))]
    return " ".join(words).replace("********", _PLACEHOLDER)


def _headers(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]


def _message(head: list[str], body: str) -> str:
    return "\n".join([*head, "", pretty(body)]).rstrip()


def pretty(text: str) -> str:
    """JSON of one long line broken into lines; no character of it is changed or left out but blanks between."""
    if len(text) < _LONG or text[:1] not in "{[" or "\n" in text:
        return text
    out: list[str] = []
    depth = 0
    for part in _PARTS.findall(text):
        if part[0] == '"':
            out.append(part)
        elif part in "{[":
            depth += 1
            out.append(f"{part}\n{'  ' * depth}")
        elif part in "}]":
            depth -= 1
            out.append(f"\n{'  ' * max(depth, 0)}{part}")
        elif part == ",":
            out.append(f",\n{'  ' * depth}")
        else:
            out.append(": " if part == ":" else part)
    return "".join(out)
