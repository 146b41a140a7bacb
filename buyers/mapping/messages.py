"""A compiled request: facts in, one `HttpMessage` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from buyers.mapping.bodies import Body, compile_body, compile_entries, form_body, soap_body
from buyers.mapping.document import PLACEHOLDER, Request, Step, Transport, Value, signs
from buyers.mapping.formats import one_line
from buyers.mapping.transport import Way, compile_transport, transport_secrets
from buyers.mapping.values import TERM_DRAWS, Draw, Facts, Signed, compile_value, secrets_of
from exchange.connector import BadReply
from exchange.model.wire import HttpMessage, Keeping, Reply

CONTENT_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "form": "application/x-www-form-urlencoded",
        "json": "application/json",
        "xml": "text/xml; charset=utf-8",
        "soap": "text/xml; charset=utf-8",
    }
)

_TELLING = 6  # letters from which on what a reply brought may be a token, and is hidden


@dataclass(frozen=True, slots=True)
class Plan:
    """How one message is made. `fixed` are the headers that are the same in every one, after the others.

    `signs`: a header is made of the body and the address. `way` is None when all messages leave straight.
    """

    method: str
    url: Callable[[Facts], str]
    headers: tuple[tuple[str, Draw], ...]
    fixed: Mapping[str, str]
    body: Body | None
    secrets: tuple[str, ...]
    delivers: bool
    signs: bool = False
    way: Way | None = None
    cache_seconds: int = 0

    def message(self, facts: Facts, stale: Reply | None = None) -> HttpMessage:
        """`stale` is a kept reply that was refused. Raises `BadReply` when a secret it needs is not set."""
        body = self.body(facts) if self.body is not None else b""
        url = self.url(facts)
        if self.signs:
            facts.signed = _signed(self.method, url, body)
        headers = self.fixed
        if self.headers:
            drawn = {name: text for name, draw in self.headers if (text := _header(draw(facts)))}
            headers = {**drawn, **self.fixed}
        secrets = self._hidden(facts, headers) if self.secrets or facts.kept else ()
        if self.way is None and not self.cache_seconds:
            return HttpMessage(self.method, url, headers, body, self.delivers, secrets)
        route = self.way(facts) if self.way is not None else None
        keeps = Keeping(self.cache_seconds, stale) if self.cache_seconds else None
        return HttpMessage(self.method, url, headers, body, self.delivers, secrets, route, keeps)

    def _hidden(self, facts: Facts, headers: Mapping[str, str]) -> tuple[str, ...]:
        hidden = [facts.terms.secrets[name] for name in self.secrets if facts.terms.secrets.get(name)]
        hidden += [text for text in facts.kept.values() if len(text) >= _TELLING]
        encoded = [quoted for secret in hidden for quoted in (quote_plus(secret), quote(secret)) if quoted != secret]
        authorization = [text for name, text in headers.items() if name.lower() == "authorization"]
        return tuple(dict.fromkeys([*hidden, *encoded, *authorization]))


def compile_request(request: Request, encoding: str, delivers: bool, transport: Transport | None = None) -> Plan:
    """`encoding` is the connector's: form, json, xml or soap. Raises `ValueError` when it does not fit."""
    kind = request.kind or encoding
    has_body = request.method != "GET" and (bool(request.body) or kind == "soap")
    body = (soap_body(request) if kind == "soap" else _body(request, kind)) if has_body else None
    headers = tuple((name, compile_value(value)) for name, value in request.headers.items())
    told = {name.lower() for name in request.headers}
    fixed = {name: _header(text) for name, text in _own_headers(request, kind, has_body) if name.lower() not in told}
    names = set().union(*(secrets_of(value) for value in values_of(request)))
    if transport is not None:
        names |= transport_secrets(transport)
    return Plan(
        request.method,
        _url(request),
        headers,
        fixed,
        body,
        tuple(sorted(names)),
        delivers,
        any(signs(value) for value in request.headers.values()),
        compile_transport(transport) if transport is not None else None,
        request.cache_seconds if isinstance(request, Step) else 0,
    )


def _signed(method: str, url: str, body: bytes) -> Signed:
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Signed(method, path, body.decode(), sha256(body).hexdigest())


def _header(text: str) -> str:
    """As a header can carry it: one line of ASCII."""
    text = one_line(text)
    return text if text.isascii() else text.encode("ascii", "ignore").decode()


def values_of(request: Request) -> list[Value]:
    """Every value of a request, for what wants to know what it draws on."""
    maps = (request.headers, request.path, request.query, request.body, request.soap.header)
    return [value for fields in maps for value in fields.values()]


def _body(request: Request, kind: str) -> Body:
    return compile_body(kind, request.body, request.omit_empty, request.namespaces)


def _own_headers(request: Request, kind: str, has_body: bool) -> list[tuple[str, str]]:
    if not has_body:
        return []
    if kind != "soap":
        return [("Content-Type", CONTENT_TYPES[kind])]
    if request.soap.version == "1.2":
        return [("Content-Type", f'application/soap+xml; charset=utf-8; action="{request.soap.action}"')]
    return [("Content-Type", CONTENT_TYPES["soap"]), ("SOAPAction", f'"{request.soap.action}"')]


def _constant(text: str) -> Draw:
    return lambda facts: text


def _url(request: Request) -> Callable[[Facts], str]:
    query = form_body(compile_entries(request.query, request.omit_empty)) if request.query else None
    parts = PLACEHOLDER.split(request.url)
    draws = [_placeholder(name, request.path) for name in parts[1::2]]
    if not draws and query is None:
        return _constant(request.url)

    def url(facts: Facts) -> str:
        text = parts[0] + "".join(
            quote(one_line(draw(facts)), safe="") + fixed for draw, fixed in zip(draws, parts[2::2], strict=True)
        )
        if query is None:
            return text
        asked = query(facts).decode()
        return f"{text}{'&' if '?' in text else '?'}{asked}" if asked else text

    return url


def _placeholder(name: str, path: Mapping[str, Value]) -> Draw:
    if name in path:
        return _in_path(name, compile_value(path[name]))
    if name.startswith("setting."):
        return compile_value(Value.model_validate({"setting": name.removeprefix("setting.")}))
    return TERM_DRAWS[name]


def _in_path(name: str, draw: Draw) -> Draw:
    """What is empty, or means another folder, would ask for something else than is meant."""

    def drawn(facts: Facts) -> str:
        text = draw(facts)
        if text.strip(".") == "":
            raise BadReply(f"there is no {name} to stand in the address")
        return text

    return drawn
