"""What was expected beside what came, as sentences. Bodies are compared by what they say, not by their bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from lxml import etree
from pydantic import BaseModel

from exchange.cases.document import AcceptedShape, BidShape, Expected, RefusedShape, Then
from exchange.connector import BadReply
from exchange.model.auction import Accepted, Bid, Later, NoBid, Pending, Rejected
from exchange.model.money import Money
from exchange.model.wire import HttpMessage

PING = ("bid", "bids", "no_bid", "bad_reply")
POST = ("accepted", "rejected", "pending", "later", "bad_reply")


def message_problems(expected: Expected, message: HttpMessage) -> Iterator[str]:
    if expected.method is not None and expected.method != message.method:
        yield f"method {expected.method} expected, {message.method} sent"
    if expected.url is not None and expected.url != message.url:
        yield f"url {expected.url} expected, {message.url} sent"
    sent = {name.lower(): value for name, value in message.headers.items()}
    for name, value in expected.headers.items():
        if sent.get(name.lower()) != value:
            yield f"header {name}: {value} expected, {sent.get(name.lower())} sent"
    if expected.body is not None:
        yield from _body_problems(expected.body, message.body)


def _body_problems(expected: str | dict[str, Any], body: bytes) -> Iterator[str]:
    text = body.decode("utf-8", "replace")
    if isinstance(expected, dict):
        sent = _decoded(text)
        for name in dict.fromkeys([*expected, *sent]):
            if expected.get(name) != sent.get(name):
                yield f"body {name}: {expected.get(name)!r} expected, {sent.get(name)!r} sent"
    elif _canonical(expected) != _canonical(text):
        yield f"body {expected!r} expected, {text!r} sent"


def _decoded(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        found: dict[str, Any] = json.loads(text, parse_float=str)
        return found
    return dict(parse_qsl(text, keep_blank_values=True))


def _canonical(text: str) -> str:
    if not text.lstrip().startswith("<"):
        return text.strip()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    return etree.tostring(etree.fromstring(text.strip().encode(), parser), method="c14n").decode()


def answer_problems(then: Then, stage: str, answer: Any) -> Iterator[str]:
    """One sentence for each difference; `answer` may be a sentence itself, when the connector gave none."""
    if isinstance(answer, str):
        yield answer
        return
    wanted = {name: told for name in (PING if stage == "ping" else POST) if (told := getattr(then, name)) is not None}
    if not wanted:
        return
    name, told = next(iter(wanted.items()))
    got = _kind(answer)
    if got != name and not (name == "bids" and got == "bid"):
        yield f"{name} expected, {_told(answer)} came"
        return
    yield from _part_problems(name, told, answer)


def _kind(answer: Any) -> str:
    kinds = {
        NoBid: "no_bid",
        Accepted: "accepted",
        Rejected: "rejected",
        Pending: "pending",
        Later: "later",
        BadReply: "bad_reply",
    }
    if isinstance(answer, list):
        return "bid" if len(answer) == 1 else "bids"
    return kinds.get(type(answer), "nothing")


def _told(answer: Any) -> str:
    if isinstance(answer, BadReply):
        return f"bad_reply ({answer.why})"
    if isinstance(answer, NoBid):
        return f"no_bid ({answer.reason.slug}: {answer.detail})"
    return _kind(answer)


def _part_problems(name: str, told: Any, answer: Any) -> Iterator[str]:
    if name in ("bid", "bids"):
        expected = told if isinstance(told, list) else [told]
        if len(expected) != len(answer):
            yield f"{len(expected)} bids expected, {len(answer)} came"
        for shape, bid in zip(expected, answer, strict=False):
            yield from _bid_problems(shape, bid)
    elif name == "bad_reply":
        if told.unmapped is not None and told.unmapped != answer.unmapped:
            yield f"unmapped {told.unmapped} expected, {answer.unmapped} came"
    elif isinstance(told, AcceptedShape):
        came = {"price": answer.price, "reference": answer.reference, "redirect": answer.redirect}
        yield from _differences(told, came)
    else:
        yield from _refusal_problems(told, answer)


def _bid_problems(shape: BidShape, bid: Bid) -> Iterator[str]:
    came = {"price": bid.price, "reference": bid.buyer_reference, "leg": bid.leg, "leg_reference": bid.leg_reference}
    yield from _differences(shape, {**came, "exclusive": bid.exclusive, "expires_at": bid.expires_at})


def _refusal_problems(told: RefusedShape, answer: Any) -> Iterator[str]:
    came = {"reason": answer.reason.slug, "detail": answer.detail}
    if isinstance(answer, Rejected):
        came["final"] = answer.finality.value
    if isinstance(answer, Rejected | Pending):
        came["reference"] = answer.reference
    yield from _differences(told, came)


def _differences(told: BaseModel, came: Mapping[str, Any]) -> Iterator[str]:
    """Only what the case says is compared; amounts are compared as amounts."""
    for name in sorted(told.model_fields_set):
        expected, got = getattr(told, name), came.get(name)
        if isinstance(got, Money):
            same = expected is not None and Money.parse(expected, got.currency) == got
            expected, got = (got, got) if same else (expected, got.text)
        if expected != got:
            yield f"{name} {expected!r} expected, {got!r} came"
