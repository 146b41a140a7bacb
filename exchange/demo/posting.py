"""Sends one lead to the exchange's public API, as a seller's own program would, and reads the answer it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from lxml import etree

ANSWER_SECONDS = 15.0  # the exchange answers within 10
CONTENT_TYPES: Mapping[str, str] = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "xml": "application/xml",
}


@dataclass(frozen=True, slots=True)
class SellerAnswer:
    """What the seller was told. `http_status` 0 and status `unreachable`: no answer came."""

    http_status: int
    status: str
    reason: str = ""
    price: str | None = None
    currency: str = ""
    lead_id: str | None = None
    ping_id: str | None = None
    wrong_fields: tuple[str, ...] = ()


def encode(fields: Mapping[str, str], form: str) -> tuple[bytes, str]:
    """A body and its content type: `form`, `json` or `xml`."""
    kind = CONTENT_TYPES[form]
    if form == "json":
        return orjson.dumps(dict(fields)), kind
    if form == "form":
        return urlencode(fields).encode(), kind
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><lead>{inner}</lead>'.encode(), kind


def read_answer(http_status: int, content_type: str, body: bytes) -> SellerAnswer:
    """The answer in whichever format it came; what cannot be read has status `unreadable`."""
    try:
        if "json" in content_type:
            return _from_json(http_status, orjson.loads(body))
        if "xml" in content_type:
            return _from_xml(
                http_status, etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
            )
        pairs = dict(parse_qsl(body.decode(), keep_blank_values=True))
    except (ValueError, etree.XMLSyntaxError):
        return SellerAnswer(http_status, "unreadable")
    return _answer(http_status, pairs, ())


def _from_json(http_status: int, found: object) -> SellerAnswer:
    if not isinstance(found, dict):
        return SellerAnswer(http_status, "unreadable")
    errors = found.get("errors")
    wrong = tuple(str(e.get("field", "")) for e in errors if isinstance(e, dict)) if isinstance(errors, list) else ()
    return _answer(http_status, {str(k): str(v) for k, v in found.items() if isinstance(v, str | int)}, wrong)


def _from_xml(http_status: int, root: etree._Element) -> SellerAnswer:
    pairs = {str(etree.QName(each).localname): each.text or "" for each in root if len(each) == 0}
    wrong = tuple(text.strip() for each in root.iter("field") if (text := each.text or "").strip())
    return _answer(http_status, pairs, wrong)


def _answer(http_status: int, pairs: Mapping[str, str], wrong: tuple[str, ...]) -> SellerAnswer:
    return SellerAnswer(
        http_status=http_status,
        status=pairs.get("status") or "unreadable",
        reason=pairs.get("reason", ""),
        price=pairs.get("price") or None,
        currency=pairs.get("currency", ""),
        lead_id=pairs.get("lead_id") or None,
        ping_id=pairs.get("ping_id") or None,
        wrong_fields=wrong,
    )


async def send(session: ClientSession, url: str, fields: Mapping[str, str], form: str) -> SellerAnswer:
    """One request and its answer; a connection that fails is an answer too (`unreachable`)."""
    body, kind = encode(fields, form)
    try:
        timeout = ClientTimeout(total=ANSWER_SECONDS)
        async with session.post(url, data=body, headers={"Content-Type": kind}, timeout=timeout) as reply:
            return read_answer(reply.status, reply.content_type, await reply.read())
    except (ClientError, TimeoutError) as error:
        return SellerAnswer(0, "unreachable", type(error).__name__)
