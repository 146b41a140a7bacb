"""A request tried on the posting page is the real call: the answer of the API, at the lines that caused it."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from exchange.flows.specs import page_of, sample_key
from exchange.web.posting.samples import body_of
from tests.market import PING, POST, live_key
from tests.web.served import Heard, Served
from tests.web.visitor import Page, Visitor, stranger

BROKEN = """{
  "campaign_key": "whatever",
  "sub_id1": "g-search",
  "zip": "8501",
  "state": "AZ",
  "monthly_bill": "$120",
  "homeowner": "yes",
  "utm_campain": "fall"
}"""


async def tried(visitor: Visitor, body: str, **chosen: str) -> Page:
    page = page_of(visitor.served.exchange.market, "cedar-solar")
    form: dict[str, Any] = {"call": "ping", "format": "json", **chosen}
    return await visitor.send(f"/p/{page}/try", body=body, **form)


def raw(shown: Page) -> str:
    return shown.part("raw").strip()


async def curl(served: Served, call: str, body: str) -> Heard:
    """The same body over the API, with the page's key."""
    key = sample_key(served.exchange.market, "cedar-solar")
    return await served.send(call, body=body.encode(), key=key)


def at(shown: Page, kind: str) -> list[tuple[str, str]]:
    """The line and the code of each problem, as they are shown."""
    blocks = re.findall(rf'data-testid="{kind}" data-at="(\d*)">(.*?)</dl>', shown.source, re.DOTALL)
    return [(line, re.findall(r"<dt>Code</dt><dd>(\w+)", block)[0]) for line, block in blocks]


def lines(shown: Page, tone: str) -> list[str]:
    return re.findall(rf'<div class="{tone}" data-line="(\d+)"', shown.source)


def alike(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("request_id", "ping_id", "took_ms")}


async def test_a_broken_body_marks_the_bad_lines_with_the_errors_that_curl_hears(served: Served) -> None:
    async with stranger(served) as visitor:
        shown = await tried(visitor, BROKEN)
        heard = await curl(served, "ping", BROKEN)

    assert 422 == heard.http_status and "422 invalid" in shown.part("result")
    assert alike(dict(heard.fields)) == alike(orjson.loads(raw(shown)))
    assert [("4", "pattern"), ("6", "not_allowed")] == at(shown, "error")
    assert [("8", "unknown_field")] == at(shown, "warning")
    assert (["4", "6"], ["8"]) == (lines(shown, "bad"), lines(shown, "warn"))
    assert "Closest 101-150" in shown.part("result")


async def test_it_is_a_real_request_with_a_row_a_lead_and_no_money(served: Served) -> None:
    async with stranger(served) as visitor:
        shown = await tried(visitor, body_of(list(PING.items()), "json"), outcome="two_bids")

    answer = orjson.loads(raw(shown))
    rows = await served.exchange.rows("SELECT * FROM requests WHERE id = :id", id=answer["request_id"])
    assert ("accepted", True) == (answer["status"], answer["test"])
    assert ("ping", "test", 200, "application/json") == (
        rows[0]["endpoint"], rows[0]["mode"], rows[0]["status_code"], rows[0]["content_type"],
    )  # fmt: skip
    assert 0 == await served.exchange.count("sales")


async def test_a_live_key_in_the_body_never_makes_it_a_live_sale(served: Served) -> None:
    body = orjson.dumps({**POST, "campaign_key": live_key("cedar")}).decode()
    async with stranger(served) as visitor:
        shown = await tried(visitor, body, call="post", outcome="sold")

    assert orjson.loads(raw(shown))["test"] is True
    assert [] == served.exchange.buyers.sent
    assert 0 == (await served.exchange.rows("SELECT COUNT(*) AS n FROM leads WHERE mode = 'live'"))[0]["n"]


@pytest.mark.parametrize(
    ("form", "body", "line"),
    [
        ("json", '{\n  "zip": "85016"\n  "state": "AZ"\n}', "3"),
        ("xml", "<lead>\n  <zip>85016</zip>\n  <state>AZ</zip>\n</lead>", "3"),
        ("json", "[1]", ""),
        ("nvp", "", ""),
    ],
)
async def test_a_body_that_cannot_be_read_is_told_at_its_line(served: Served, form: str, body: str, line: str) -> None:
    async with stranger(served) as visitor:
        shown = await tried(visitor, body, format=form)

    assert 200 == shown.http_status
    assert [(line, "bad_request")] == at(shown, "error") and "400" in shown.part("result")


@pytest.mark.parametrize("form", ["xml", "nvp"])
async def test_lines_are_found_in_xml_and_in_forms_too(served: Served, form: str) -> None:
    wrong = [("zip", "8501"), ("state", "AZ"), ("monthly_bill", "$120"), ("homeowner", "yes"), ("nothing", "a&b=c<d")]
    first = 2 if form == "xml" else 1
    async with stranger(served) as visitor:
        shown = await tried(visitor, body_of(wrong, form), format=form)

    assert [(str(first), "pattern"), (str(first + 2), "not_allowed")] == at(shown, "error")
    assert [(str(first + 4), "unknown_field")] == at(shown, "warning")


async def test_every_call_in_every_format_takes_the_sample_that_is_filled_in(served: Served) -> None:
    async with stranger(served) as visitor:
        for call in ("ping", "post", "pingpost"):
            for form in ("json", "xml", "nvp"):
                filled = await tried(visitor, "?", call=call, format=form, fill="1")
                body = filled.source.split('data-testid="try-body">')[1].split("</textarea>")[0]
                text = Page(200, {}, body.replace("<", "<b>").replace("<b>", "")).text
                assert "zip" in text and 'data-testid="result"' not in filled.source
                again = await tried(visitor, unescaped(body), call=call, format=form, outcome="sold")
                assert [] == at(again, "error"), (call, form)
                assert "accepted" in raw(again)


def unescaped(text: str) -> str:
    for sign, meant in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(sign, meant)
    return text.strip("\n")


@pytest.mark.parametrize("chosen", [{"call": "settle"}, {"format": "yaml"}, {"outcome": "rich"}])
async def test_what_is_not_offered_is_the_first_choice(served: Served, chosen: dict[str, str]) -> None:
    async with stranger(served) as visitor:
        shown = await tried(visitor, body_of(list(PING.items()), "json"), **chosen)

    assert "200 accepted" in shown.part("result")


async def test_hostile_text_is_shown_and_nothing_else(served: Served) -> None:
    hostile = "</textarea><script>alert(1)</script>\"'\u0000\ud7ff"
    async with stranger(served) as visitor:
        for form in ("json", "xml", "nvp"):
            shown = await tried(visitor, hostile, format=form)
            assert 200 == shown.http_status
            assert "<script>alert" not in shown.source
        large = await tried(visitor, "x" * 300_000)

    assert 413 == large.http_status
