"""A campaign whose answers have another system's form: over the API, for refusals, repeats, and after a crash."""

from __future__ import annotations

import orjson
from lxml import etree

from exchange.flows.answers import save_answers, with_answers
from exchange.flows.specs import page_of
from exchange.model.actor import SYSTEM
from exchange.model.party import Rate
from tests.market import PING, POST, consumer, selling
from tests.web.served import FORM, Heard, Served
from tests.web.visitor import stranger


async def choose(served: Served, name: str, document: dict[str, object] | None = None) -> None:
    market = served.exchange.market
    campaign = with_answers(market.deals.campaigns["cedar-solar"], name, document)
    await save_answers(market, campaign, SYSTEM)


def texts(answer: Heard) -> dict[str, str]:
    """The elements of an XML answer."""
    root = etree.fromstring(answer.body)
    return {str(child.tag): child.text or "" for child in root}


async def test_a_ping_is_matched_and_its_id_posts(served: Served) -> None:
    await choose(served, "matched")
    pinged = await served.send("ping", PING, content_type=FORM)
    told = texts(pinged)
    posted = texts(await served.send("post", {**POST, "ping_id": told["lead_id"]}))

    assert "application/xml; charset=utf-8" == pinged.headers["Content-Type"]
    assert ("Matched", "20.00") == (told["status"], told["price"])
    assert ("Matched", "20.00") == (posted["status"], posted["price"])
    assert posted["lead_id"].startswith("ld_")


async def test_refusals_have_the_form_too_and_their_http_status(served: Served) -> None:
    await choose(served, "accepted")
    invalid = await served.send("ping", {"zip": "1"})
    unreadable = await served.send("ping", body=b"{")
    stranger_heard = await served.send("ping", PING, key="ck_live_nobody")
    await served.exchange.add(*selling("cedar", answers="accepted", rate=Rate(0.01, 1, 1)))
    await served.send("ping", PING)
    flooded = await served.send("ping", PING)

    assert (422, "ERROR", "3") == (invalid.http_status, invalid["status"], invalid["code"])
    assert "zip must be 5 digits" in invalid["errors"]
    assert (400, "ERROR") == (unreadable.http_status, unreadable["status"])
    assert (429, "ERROR") == (flooded.http_status, flooded["status"])
    assert "error" == stranger_heard["status"]  # whose campaign would it be?


async def test_a_repeat_hears_the_first_answer_in_the_form_it_had(served: Served) -> None:
    await choose(served, "success")
    headers = {"Idempotency-Key": "one"}
    first = await served.send("post", consumer(1), headers=headers)
    await choose(served, "standard")
    again = await served.send("post", consumer(1), headers=headers)

    assert "success" == first["result"]
    assert first.body == again.body


async def test_what_the_operator_sees_does_not_depend_on_the_form(served: Served) -> None:
    await choose(served, "matched")
    await served.send("post", consumer(2))
    rows = await served.exchange.rows("SELECT status, status_code FROM requests")

    assert [("accepted", 200)] == [(row["status"], row["status_code"]) for row in rows]


async def test_the_choice_is_a_version_an_audit_line_and_on_the_posting_page(served: Served) -> None:
    async with stranger(served) as visitor:
        path = f"/p/{page_of(served.exchange.market, 'cedar-solar')}"
        await visitor.open(path)
        await choose(served, "custom", {"format": "nvp", "fields": {"RESULT": "word"}, "words": {"otherwise": "NO"}})
        shown = await visitor.open(path)
    lines = await served.exchange.rows("SELECT * FROM audit_lines WHERE action = 'campaign.answers'")

    assert 2 == served.exchange.market.deals.campaigns["cedar-solar"].version
    assert [({"answers": "standard"}, {"answers": "custom"})] == [
        (orjson.loads(line["before_json"]), orjson.loads(line["after_json"])) for line in lines
    ]
    assert "RESULT=NO" in shown.source
    assert "Answers have the form custom, before standard." in shown.part("changes")
