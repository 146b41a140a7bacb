"""Reports of buyers' systems are read as their document says, in every format, and never half."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from buyers import connectors
from buyers.family import ConnectionProblems, Loaded
from buyers.loading import load_connection
from buyers.reports.tree import text
from exchange.connector import BadReply, Callback, Forged, ReadsDispositions, Terms
from exchange.model.feedback import HeardReports, RawReport, RawReturn
from exchange.model.wire import HttpMessage, Reply
from tests.market import NOW, contract

PLACES = {"lead": ["ref", "contact.phone"], "word": "status", "value": "deal.value", "at": "changed", "note": "note"}
ASK = {
    "url": "https://crm.acme.example/{v}/leads",
    "path": {"v": {"constant": "v2"}},
    "query": {"since": {"kept": "since"}, "page": {"kept": "page"}},
    "headers": {"Authorization": {"join": [{"constant": "Bearer"}, {"secret": "crm_token"}]}},
    "next": "next",
}
HOOK = {"address": "crm_hook", "signature": {"secret": "crm_sign", "header": "X-Sign", "prefix": "sha256="}}
TERMS = Terms(NOW, "", {"crm_token": "t0ken", "crm_hook": "abc123", "crm_sign": "shh"})


def loaded(**section: Any) -> Loaded:
    document = {
        "connection": "acme",
        "connector": "email",
        "from": "leads@harbor.example",
        "to": "a@acme.example",
        "dispositions": {"ask": ASK, "items": "leads", **PLACES, **section},
    }
    return load_connection(document, {}, connectors())


def reader(**section: Any) -> ReadsDispositions:
    found = loaded(**section).reports
    assert found is not None
    return found


def ask(reports: ReadsDispositions, reply: Reply, page: str = "") -> tuple[HttpMessage, HeardReports]:
    conversation = reports.ask(NOW, page, contract("acme"), TERMS)
    message = next(conversation)
    assert isinstance(message, HttpMessage)
    try:
        conversation.send(reply)
    except StopIteration as end:
        return message, end.value
    raise AssertionError("it asks once")


def test_a_system_is_asked_from_a_moment_on_and_page_after_page() -> None:
    body = (
        b'{"leads": [{"ref": 1044, "status": "Won", "deal": {"value": 1250.10}, "changed": "2026-11-21", "note": "x"},'
        b'{"contact": {"phone": "602"}, "status": "Open"}, {"status": "Won"}, {"ref": "7"}], "next": "p2"}'
    )

    message, heard = ask(reader(), Reply(200, {}, body), "p1")

    assert "https://crm.acme.example/v2/leads?since=2026-11-21T14%3A34%3A08Z&page=p1" == message.url
    assert "Bearer t0ken" == message.headers["Authorization"] and not message.delivers
    assert (
        (
            RawReport(("1044",), "Won", "1250.10", "2026-11-21", "x"),
            RawReport(("602",), "Open"),
        ),
        2,
        "p2",
        (),
    ) == heard
    found = loaded()
    assert {"crm_token"} == set(found.secrets)
    assert {"dispositions.ask.url": ASK["url"]} == dict(found.urls)


@pytest.mark.parametrize(
    ("section", "body"),
    [
        (
            {"format": "xml", "items": "Lead", "lead": '"@id"', "word": "Status.text", "value": "Deal[1]", "at": None},
            '<L><Lead id="1"><Status code="7">Won</Status><Deal>8</Deal><Deal>9</Deal></Lead></L>',
        ),
        (
            {"format": "xml", "items": "Lead", "lead": "Ref", "word": "Status", "value": "Deal", "at": None},
            "<L><Lead><Ref>1</Ref><Status>Won</Status><Deal>9</Deal></Lead></L>",
        ),
        (
            {"format": "csv", "items": None, "lead": "Ref", "word": "Status", "value": "Deal", "at": None},
            "Ref;Status;Deal\r\n1;Won;9\r\n",
        ),
        (
            {"format": "form", "items": None, "lead": "Ref", "word": "Status", "value": "Deal", "at": None},
            "Ref=1&Status=Won&Deal=9",
        ),
    ],
)
def test_every_format_is_read(section: dict[str, Any], body: str) -> None:
    _, heard = ask(reader(**section, note=None), Reply(200, {}, body.encode()))

    assert ((RawReport(("1",), "Won", "9"),), 0) == (heard.reports, heard.wrong)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, {}, b'{"leads": []}'),
        Reply(401, {}, b""),
        Reply(200, {}, b"<html>maintenance</html>"),
        Reply(200, {}, b'{"leads": [{"ref": "1", "status"'),
        Reply(200, {}, b'{"error": "busy"}'),
        Reply(200, {}, b'{"leads": "none"}'),
        Reply(200, {}, b"\xff\xfe\x00"),
        Reply(200, {}, b"[" * 100_000),
        Reply(200, {}, b'{"leads": [' + b"1," * 3_000 + b"1]}"),
    ],
    ids=lambda reply: f"{reply.status} {reply.body[:20]!r}",
)
def test_a_reply_that_is_no_list_of_reports_is_none(reply: Reply) -> None:
    with pytest.raises(BadReply):
        ask(reader(), reply)


def test_nothing_new_is_no_mistake() -> None:
    for status in (204, 304):
        assert HeardReports((), 0, "") == ask(reader(), Reply(status, {}, b""))[1]


def test_a_call_is_proved_by_its_address_and_its_signature() -> None:
    reports = reader(ask=None, hook=HOOK)
    body = b'{"leads": [{"ref": "1", "status": "Won"}]}'
    sign = "sha256=" + hmac.digest(b"shh", body, hashlib.sha256).hex()

    def call(header: str) -> Callback:
        return Callback("/told/acme/x", "", {"x-sign": header}, body, {})

    assert [True, False, False] == [reports.is_address(text, TERMS) for text in ("abc123", "abc124", "")]
    assert not reports.is_address("", TERMS._replace(secrets={}))
    assert (RawReport(("1",), "Won"),) == reports.heard(call(sign), TERMS).reports
    for wrong in (sign[:-4] + "zzzz", "", sign.removeprefix("sha256=")):
        with pytest.raises(Forged):
            reports.heard(call(wrong), TERMS)
    assert {"crm_hook", "crm_sign"} == set(loaded(ask=None, hook=HOOK).secrets)


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ({"ask": None}, "dispositions"),
        ({"word": "a["}, "dispositions.word"),
        ({"lead": []}, "dispositions.lead"),
        ({"ask": {**ASK, "every": "1s"}}, "dispositions.ask.every"),
        ({"ask": {**ASK, "url": "ftp://x"}}, "dispositions.ask.url"),
        ({"format": "xml", "items": None}, "dispositions"),
        ({"colour": "red"}, "dispositions.colour"),
        ({"hook": {"address": "No Secret"}}, "dispositions.hook.address"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(section: dict[str, Any], path: str) -> None:
    with pytest.raises(ConnectionProblems) as caught:
        loaded(**section)

    assert path in {problem.path for problem in caught.value.problems}


def test_what_no_database_holds_is_read_as_a_sign() -> None:
    assert ("a\ufffdb", "\ufffd") == (text("a\0b "), text("\ud800"))


def test_an_exchange_further_on_says_how_much_it_wants_back_and_that_it_wants_nothing_any_more() -> None:
    """As its webhook tells its seller: a part granted there is asked here, and what it takes back there."""
    decided = "type == 'lead.return_decided' && contains(['approved', 'partial', 'replaced'], data.status)"
    returns = {
        "when": f"type == 'lead.return_requested' || ({decided})",
        "withdrawn": "type == 'lead.return_decided' && contains(['taken_back', 'declined'], data.status)",
        "amount": "data.returned_amount",
        "reason": "data.reason",
        "id": "data.return_id",
    }
    places = {"items": None, "lead": "data.seller_lead_id", "word": "data.disposition", "value": None}
    reports = reader(ask=None, hook={"address": "crm_hook"}, returns=returns, **{**places, "at": None, "note": None})

    def heard(kind: str, **data: str) -> tuple[RawReturn, ...]:
        body = orjson.dumps(
            {"type": kind, "data": {"seller_lead_id": "l1", "return_id": "r1", "reason": "language", **data}}
        )
        return reports.heard(Callback("/told/acme/abc123", "", {}, body, {}), TERMS).returns

    assert (RawReturn(("l1",), "language", "r1"),) == heard("lead.return_requested")
    part = heard("lead.return_decided", status="partial", returned_amount="4.00")
    assert (RawReturn(("l1",), "language", "r1", amount="4.00"),) == part
    back = heard("lead.return_decided", status="taken_back", returned_amount="-4.00")
    assert (RawReturn(("l1",), "language", "r1", amount="-4.00", withdrawn=True),) == back
