"""A seller's calls, through a real server and a real database: what is answered, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree

import pytest

from exchange.clock import SimulatedClock
from exchange.flows.specs import docs_of
from exchange.model.lead import Problem
from exchange.model.party import Rate, Seller, State
from exchange.model.wire import Loss, Lost
from exchange.web.posting.words import CODES
from tests.market import PING, POST, buying, campaign, consumer, contract, live_key, selling, usd
from tests.scripted_buyers import REFUSED
from tests.web.served import FORM, Served
from tests.web.visitor import stranger

XML = "application/xml"


def as_xml(fields: Mapping[str, str]) -> bytes:
    return f"<lead>{''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())}</lead>".encode()


def clock(served: Served) -> SimulatedClock:
    assert isinstance(served.exchange.clock, SimulatedClock)
    return served.exchange.clock


# One line, three formats


async def test_the_same_ping_in_json_xml_and_form_gets_the_same_price_each_in_its_format(served: Served) -> None:
    as_json = await served.send("ping", PING)
    xml = ElementTree.fromstring((await served.send("ping", body=as_xml(PING), content_type=XML)).body)
    form = parse_qs((await served.send("ping", PING, content_type=FORM)).body.decode())

    assert ("accepted", "20.00", "USD") == (as_json["status"], as_json["price"], as_json["currency"])
    assert ("accepted", "20.00") == (xml.findtext("status"), xml.findtext("price"))
    assert (["accepted"], ["20.00"]) == (form["status"], form["price"])


async def test_the_format_asked_for_wins_over_the_one_sent(served: Served) -> None:
    by_field = await served.send("ping", {**PING, "lp_response": "xml"})
    by_accept = await served.send("ping", PING, headers={"Accept": FORM})

    assert b"<?xml" == by_field.body[:5]
    assert b"status=accepted" == by_accept.body[:15]


async def test_a_post_on_a_ping_earns_what_the_ping_promised(served: Served) -> None:
    ping = await served.send("ping", PING)
    served.exchange.buyers.bids("acme", "1.00")
    sold = await served.send("post", {**POST, "ping_id": ping["ping_id"]})

    assert (200, "accepted", None) == sold.told
    assert ping["price"] == sold["price"] == "20.00"
    assert ping["ping_id"][4:] == sold["lead_id"][3:]
    assert usd("975") == (await served.exchange.balance("acme")).available


async def test_a_post_after_the_hold_is_refused_as_expired(served: Served) -> None:
    ping = await served.send("ping", PING)
    clock(served).advance(121)

    late = await served.send("post", {**POST, "ping_id": ping["ping_id"]})

    assert (200, "rejected", "ping_expired") == late.told
    assert [] == served.exchange.buyers.posts("acme")


async def test_a_post_on_another_sellers_ping_finds_nothing(served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    ping = await served.send("ping", PING)

    other = await served.send("post", {**POST, "ping_id": ping["ping_id"]}, key=live_key("birch"))

    assert (404, "error", "not_found") == other.told
    assert [{"state": "quoted", "seller_id": "cedar"}] == await served.exchange.rows(
        "SELECT state, seller_id FROM leads"
    )


async def test_a_wrong_post_on_a_ping_leaves_the_lead_that_was_sold_on_it_alone(served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    ping = await served.send("ping", PING)
    sold = await served.send("post", {**POST, "ping_id": ping["ping_id"]})
    wrong = {**POST, "ping_id": ping["ping_id"], "zip": "8501", "phone": "123"}

    own = await served.send("post", wrong)
    others = await served.send("post", wrong, key=live_key("birch"))
    again = await served.send("post", {**consumer(5), "ping_id": ping["ping_id"]})

    assert [422, 422] == [own.http_status, others.http_status]
    assert (200, "rejected", "ping_used") == again.told
    lead = await served.get(f"leads/{sold['lead_id']}")
    assert ("accepted", "20.00", 1) == (lead["status"], lead["price"], lead["times_sold"])
    assert "duplicate" == (await served.send("post", POST))["status"]


async def test_a_post_that_differs_from_its_ping_is_refused_with_the_field(served: Served) -> None:
    ping = await served.send("ping", PING)

    other = await served.send("post", {**POST, "monthly_bill": "301+", "ping_id": ping["ping_id"]})

    assert (200, "rejected", "ping_mismatch") == other.told
    assert ["monthly_bill"] == other["details"]


async def test_the_price_is_never_below_what_the_seller_asked(served: Served) -> None:
    assert (200, "unsold", "below_floor") == (await served.send("ping", {**PING, "min_price": "100"})).told
    assert (200, "unsold", "below_floor") == (await served.send("pingpost", {**POST, "min_price": "100"})).told
    assert [] == served.exchange.buyers.posts("acme")


# Problems


async def test_three_wrong_fields_are_told_at_once_with_all_that_helps(served: Served) -> None:
    wrong = await served.send("ping", {**PING, "zip": "8501", "monthly_bill": "$120", "homeowner": "maybe"})

    assert (422, "invalid", "invalid") == wrong.told
    by_field = {error["field"]: error for error in wrong["errors"]}
    assert ["zip", "monthly_bill", "homeowner"] == list(by_field)
    assert "pattern" == by_field["zip"]["code"]
    assert ("not_allowed", "$120", "101-150") == tuple(
        by_field["monthly_bill"][name] for name in ("code", "got", "closest")
    )
    assert ["0-50", "51-100", "101-150", "151-200", "201-300", "301+"] == by_field["monthly_bill"]["allowed"]
    every = {"field", "code", "message", "got", "allowed", "doc"}
    assert all(every <= set(error) for error in wrong["errors"])
    assert ("8501", []) == (by_field["zip"]["got"], by_field["zip"]["allowed"])
    assert by_field["zip"]["doc"].endswith("#zip") and await leads_somewhere(served, by_field["zip"]["doc"])


async def test_a_missing_field_says_what_it_may_hold_and_what_is_no_field_leads_to_its_code(served: Served) -> None:
    missing = await served.send("ping", {name: PING[name] for name in PING if name != "monthly_bill"})
    (wrong,) = missing["errors"]
    assert ("missing", "", 6) == (wrong["code"], wrong["got"], len(wrong["allowed"]))
    odd = await served.send("pingpost", {**POST, "utm_campain": "spring"})
    (warning,) = [each for each in odd["warnings"] if each["code"] == "unknown_field"]
    assert warning["doc"].endswith("#code-unknown_field") and await leads_somewhere(served, warning["doc"])
    nobody = docs_of(served.exchange.market, None)
    assert all([await leads_somewhere(served, nobody.place(Problem("x", code, ""))) for code in CODES])


async def leads_somewhere(served: Served, address: str) -> bool:
    """Whether anybody finds the place that an error names."""
    path, _, place = address.removeprefix(served.exchange.market.public_url).partition("#")
    async with stranger(served) as visitor:
        page = await visitor.open(path)
    return page.http_status == 200 and f'id="{place}"' in page.source


async def test_an_alias_is_read_and_told_and_an_unknown_field_gets_a_suggestion(served: Served) -> None:
    answer = await served.send("pingpost", {**POST, "LP_S1": "x", "utm_campain": "spring"})

    warnings = {(each["code"], each.get("closest")) for each in answer["warnings"]}
    assert {("alias_used", None), ("unknown_field", "utm_campaign")} <= warnings
    assert [{"sub_id1": "x"}] == await served.exchange.rows("SELECT sub_id1 FROM leads")


@pytest.mark.parametrize("call", ("ping", "post", "pingpost", "validate"))
async def test_an_unknown_format_is_answered_in_the_requests_own_with_a_warning(served: Served, call: str) -> None:
    answer = await served.send(call, {**(PING if call == "ping" else POST), "format": "yaml"})

    (warning,) = answer["warnings"]
    assert ("format", "not_allowed", "yaml") == (warning["field"], warning["code"], warning["got"])
    assert ["json", "xml", "nvp"] == warning["allowed"]


async def test_what_does_not_parse_says_where(served: Served) -> None:
    json = await served.send("post", body=b'{"zip": "85016",\n "state" "AZ"}')
    xml = await served.send("post", body=b"<lead>\n<zip>85016</lead>", content_type=XML)

    assert (400, "error", "bad_request") == json.told
    assert "line 2, column" in json["message"]
    assert 400 == xml.http_status
    assert b"line 2, column" in xml.body


async def test_always_200_changes_the_status_code_and_nothing_else(served: Served) -> None:
    wrong = {**PING, "zip": "8501"}
    plain = await served.send("ping", wrong)
    await served.exchange.add(campaign("cedar", always_200=True))
    quiet = await served.send("ping", wrong)
    unreadable = await served.send("ping", body=b"{")

    def body(fields: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in fields.items() if name not in ("request_id", "ping_id", "took_ms")}

    assert (422, 200, 200) == (plain.http_status, quiet.http_status, unreadable.http_status)
    assert body(plain.fields) == body(quiet.fields)
    assert "bad_request" == unreadable["reason"]


async def test_each_cause_has_its_own_code(served: Served) -> None:
    buyers = served.exchange.buyers
    add = served.exchange.add

    async def reason(number: int, **more: str) -> str:
        answer = await served.send("pingpost", {**consumer(number), **more})
        assert 200 == answer.http_status
        return str(answer["reason"])

    buyers.bids("acme", None)
    no_bid = await reason(1)
    buyers.answers_pings("acme", Lost(Loss.TIMEOUT))
    timeout = await reason(2)
    buyers.bids("acme", "25.00")
    buyers.answers_posts("acme", REFUSED)
    rejected = await reason(3)
    buyers.answers_posts("acme", Lost(Loss.CONNECT))
    failed = await reason(4)
    below = await reason(5, min_price="90")
    await add(contract("acme", state=State.PAUSED))
    nobody = await reason(6)
    await add(campaign("cedar", blocked_sub_ids=("pop-19",)))
    blocked = await reason(7, sub_id1="pop-19")
    unconsented = await reason(8, tcpa_consent="no")

    told = [no_bid, timeout, rejected, failed, below, nobody, blocked, unconsented]
    assert [
        "no_bid",
        "timeout",
        "buyer_rejected",
        "post_failed",
        "below_floor",
        "no_eligible_buyer",
        "filtered",
        "consent_missing",
    ] == told


async def test_a_rejected_post_goes_to_the_next_buyer(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    served.exchange.buyers.bids("birch", "20.00")
    served.exchange.buyers.answers_posts("acme", REFUSED)

    answer = await served.send("pingpost", POST)

    assert ("accepted", "16.00", 1) == (answer["status"], answer["price"], answer["times_sold"])
    assert (usd("1000"), usd("980")) == tuple(
        [(await served.exchange.balance(buyer_id)).available for buyer_id in ("acme", "birch")]
    )


async def test_a_buyer_that_fell_silent_leaves_the_lead_queued_and_nobody_else_gets_it(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    served.exchange.buyers.bids("birch", "20.00")
    served.exchange.buyers.answers_posts("acme", Lost(Loss.TIMEOUT))

    answer = await served.send("pingpost", POST)

    assert (202, "queued", "outcome_unclear") == answer.told
    assert [] == served.exchange.buyers.posts("birch")
    assert usd("975") == (await served.exchange.balance("acme")).available


# Keys


@pytest.mark.parametrize("key", ["ck_live_nobody_0001", "", "ck_live_cedar_0001x", "ключ", "a" * 2000])
async def test_a_wrong_key_hears_the_same_whatever_is_behind_it(served: Served, key: str) -> None:
    await served.exchange.add(campaign("cedar", state=State.PAUSED))

    answer = await served.send("post", {**POST, "campaign_key": key}, key=None)

    assert 401 == answer.http_status
    assert answer["reason"] in ("unknown_key", "key_missing")
    assert "campaign" not in answer["message"].replace("campaign_key", "")
    assert 0 == await served.exchange.count("leads")


async def test_a_buyers_key_is_no_sellers_key(served: Served) -> None:
    assert 401 == (await served.send("post", POST, key="bk_live_acme_0001")).http_status
    assert 401 == (await served.get("sales", key=live_key("cedar"))).http_status


async def test_the_key_is_taken_from_either_header_and_from_the_field_under_all_its_names(served: Served) -> None:
    for name in ("campaign_key", "lp_campaign_key", "API-Key", "Post.Key"):
        assert 200 == (await served.send("ping", {**PING, name: live_key("cedar")}, key=None)).http_status
    assert 200 == (await served.send("ping", PING, key=None, headers={"X-Api-Key": live_key("cedar")})).http_status
    assert (
        200
        == (
            await served.send("ping", PING, key=None, headers={"Authorization": f"bearer {live_key('cedar')}"})
        ).http_status
    )


async def test_a_paused_campaign_and_a_paused_seller_answer_403(served: Served) -> None:
    await served.exchange.add(campaign("cedar", state=State.PAUSED, paused_reason="CRM migration"))
    paused = await served.send("post", POST)

    await served.exchange.add(campaign("cedar"), Seller("cedar", "Cedar", State.PAUSED))
    seller_paused = await served.send("post", POST)
    await served.exchange.add(Seller("cedar", "Cedar", State.DELETED))
    gone = await served.send("post", POST)

    assert (403, "rejected", "campaign_paused") == paused.told == seller_paused.told
    assert "CRM migration" == paused["message"]
    assert (401, "error", "unknown_key") == gone.told


async def test_a_live_key_with_test_1_is_refused_with_a_sentence_naming_the_test_key(served: Served) -> None:
    answer = await served.send("post", {**POST, "test": "1"})

    assert 422 == answer.http_status
    assert "test key" in answer["errors"][0]["message"]
    assert [] == served.exchange.buyers.sent


async def test_a_key_in_the_url_counts_only_where_the_campaign_allows_it(served: Served) -> None:
    query = urlencode({**PING, "key": live_key("cedar")})
    refused = await served.get(f"ping?{query}", key=None)
    posted = await served.send(f"ping?key={live_key('cedar')}", PING, key=None)
    await served.exchange.add(campaign("cedar", query_string=True))
    allowed = await served.get(f"ping?{query}", key=None)

    assert (405, "POST") == (refused.http_status, refused.headers["Allow"])
    assert 401 == posted.http_status
    assert (200, b"status=accepted") == (allowed.http_status, allowed.body[:15])


async def test_looking_at_the_head_of_a_sale_makes_none(served: Served) -> None:
    await served.exchange.add(campaign("cedar", query_string=True))
    query = urlencode({**POST, "key": live_key("cedar")})

    assert 405 == (await served.get(f"pingpost?{query}", key=None, method="HEAD")).http_status
    assert [] == served.exchange.buyers.sent


# Rates


async def test_over_its_rate_a_campaign_waits_as_long_as_told_and_others_do_not(served: Served) -> None:
    await served.exchange.add(*selling("birch"), campaign("cedar", rate=Rate(0.5, 2, 10)))
    first, second, third = [await served.send("ping", PING) for _ in range(3)]
    other = await served.send("ping", PING, key=live_key("birch"))
    clock(served).advance(int(third.headers["Retry-After"]))
    later = await served.send("ping", PING)

    assert [200, 200, 429, 200, 200] == [each.http_status for each in (first, second, third, other, later)]
    assert (("2", "0"), "rate_limited") == (
        (third.headers["RateLimit-Limit"], third.headers["RateLimit-Remaining"]),
        third["reason"],
    )
    assert {"endpoint": "ping", "status_code": 429} in await served.exchange.rows(
        "SELECT endpoint, status_code FROM requests"
    )
