"""What brought leads, end to end on both engines: links, landings, paths, costs, and the report from the books."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from exchange.flows.attribution import (
    CannotLink,
    follow_link,
    make_link,
    note_landing,
    stop_link,
    trace_leads,
    with_tags,
)
from exchange.flows.attribution_report import BadPeriod, Found, read_asked, read_report
from exchange.flows.media_costs import BadCosts, bring_costs, read_costs, set_cost
from exchange.flows.retain import forget
from exchange.flows.undo import reverse_sale
from exchange.model.delivery import DeliveryState
from exchange.model.lead import Mode
from exchange.stages.attribution.models import MODELS
from tests.flows.lab import OPERATOR, attempts, later, person, ping, post
from tests.market import Exchange, buying, selling

LINK = {
    "name": "Fall",
    "source": "Google",
    "campaign": "fall",
    "creative": "h2",
    "target": "https://www.savings.example/solar?x=1",
}
COSTS = b"""Date,Platform,Campaign name,Ad,Spend,Clicks
2026-11-21,Google,fall,h2,"1,020.50",30
2026-11-21,google,fall,h2,9.50,1
2026-11-21,mail,spring,,3,0
"""


async def paths(exchange: Exchange) -> list[list[tuple[str, str, str, str]]]:
    await trace_leads(exchange.market)
    rows = await exchange.rows("SELECT path FROM journeys ORDER BY arrived_at, lead_id")
    return [[tuple(touch[1:]) for touch in orjson.loads(row["path"])] for row in rows]


async def reported(exchange: Exchange, by: str = "campaign") -> Found:
    market = exchange.market
    return await read_report(market, read_asked(market, "", "", "", by))


async def test_a_click_a_landing_and_a_lead_become_one_path(either: Exchange) -> None:
    market = either.market
    await either.add(*selling("cedar"), *buying("acme"))
    link = await make_link(market, LINK, OPERATOR)
    await note_landing(market, {"utm_source": "mail", "utm_campaign": "spring", "visitor": "visitor-1"}, may_know=True)
    later(either, 3_600)
    target = await follow_link(market, link.id, {"gclid": "g-1", "utm_source": "evil", "next": "//x"}, counts=True)
    assert target is not None
    clicked = target.partition("click_id=")[2].partition("&")[0]
    page = "https://www.savings.example/solar?email=a@b.example"
    landed = {"click_id": clicked, "visitor": "visitor-1", "page": page}
    await note_landing(market, {**landed, "utm_source": "google", "utm_campaign": "fall"}, may_know=True)
    later(either, 60)
    await post(either, person(1, click_id=clicked, gclid="g-1", utm_source="google", utm_campaign="fall", sub_id1="s1"))
    await post(either, person(2, sub_id1="s2"))
    await post(either, person(3, visitor_id="visitor-1"))

    found = {path[-1][3]: path for path in await paths(either)}
    assert [("mail", "spring", "", ""), ("google", "fall", "h2", "s1")] == found["s1"]
    assert [("cedar", "cedar-solar", "", "s2")] == found["s2"]
    assert [("mail", "spring", "", ""), ("google", "fall", "h2", "")] == found[""]
    touches = await either.rows("SELECT * FROM touches ORDER BY at")
    assert ["landing", "click"] == [touch["kind"] for touch in touches]  # the landing after the click is that click
    assert "www.savings.example/solar" == touches[1]["page"] and b"visitor-1" not in bytes(touches[1]["visitor"])


async def test_a_link_leads_to_its_target_whatever_is_asked(exchange: Exchange) -> None:
    market = exchange.market
    link = await make_link(market, LINK, OPERATOR)
    query = {"target": "https://evil.example", "url": "//evil.example", "x": "2", "utm_term": "a&b=c#d"}
    query["sub_id1"] = "s\n1"
    target = await follow_link(market, link.id, query, counts=False)

    assert "https://www.savings.example/solar?x=1&utm_term=a%26b%3Dc%23d" == target
    assert None is await follow_link(market, "nothing", {}, counts=True)
    assert await stop_link(market, link.id, OPERATOR) and not await stop_link(market, link.id, OPERATOR)
    assert None is await follow_link(market, link.id, {}, counts=True)
    assert "https://a.example/?utm_source=own" == with_tags("https://a.example/?utm_source=own", {"utm_source": "x"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "javascript:alert(1)"},
        {"target": "//evil.example"},
        {"target": "https://user@evil.example/"},
        {"target": "https://a.example/\nx"},
        {"target": "ftp://a.example/"},
        {"target": ""},
        {"name": ""},
        {"source": "x" * 121},
    ],
)
async def test_a_link_without_a_real_target_is_not_made(exchange: Exchange, wrong: dict[str, str]) -> None:
    with pytest.raises(CannotLink) as refused:
        await make_link(exchange.market, {**LINK, **wrong}, OPERATOR)

    assert [refused.value.field] == list(wrong)


async def test_nobody_is_known_again_who_did_not_agree(exchange: Exchange) -> None:
    market = exchange.market
    await note_landing(market, {"visitor": "visitor-1", "referrer": "https://news.example/x?q=1"}, may_know=False)
    await note_landing(market, {"visitor": "x"}, may_know=True)

    rows = await exchange.rows("SELECT visitor, source FROM touches ORDER BY source DESC")
    assert [(None, "news.example"), (None, "direct")] == [(row["visitor"], row["source"]) for row in rows]


async def test_what_was_seen_is_forgotten_once_no_lead_reaches_back_to_it(either: Exchange) -> None:
    market = either.market
    for _ in range(3):
        await note_landing(market, {"utm_source": "old"}, may_know=False)
    later(either, 90 * 86_400 + 1)
    await note_landing(market, {"utm_source": "new"}, may_know=False)
    await forget(market)

    assert ["new"] == [row["source"] for row in await either.rows("SELECT source FROM touches")]


async def test_value_is_what_the_books_say_after_returns(either: Exchange) -> None:
    market = either.market
    await either.add(*selling("cedar"), *buying("acme"))
    tags: list[dict[str, str]] = [
        {"utm_source": "google", "utm_campaign": "fall"},
        {"utm_source": "mail", "utm_campaign": "spring"},
        {"fbclid": "f-1"},
    ]
    for number, more in enumerate(tags, start=1):
        later(either, 1)
        assert "accepted" == (await post(either, person(number, **more)))["status"]
    await trace_leads(market)
    before = (await reported(either)).report
    back = (await attempts(either))[1]["id"]
    later(either, 8 * 86_400)
    assert await reverse_sale(market, back, "test", OPERATOR, DeliveryState.BOUNCED, "") is not None
    await bring_costs(market, COSTS, "costs.csv", "USD", OPERATOR)
    after = (await reported(either)).report

    assert (3, 3, 750_000) == (before.leads, before.conversions, before.units)
    assert (3, 2, 500_000, 10_330_000) == (after.leads, after.conversions, after.units, after.cost)
    lines = {line.name: line for line in after.lines}
    for model in MODELS:
        assert (250_000, 0) == (lines["fall"].by_model[model][1], lines["spring"].by_model[model][1])
        assert after.units == sum(line.by_model[model][1] for line in after.lines)
    assert (10_300_000, 31) == (lines["fall"].cost, lines["fall"].clicks)
    assert [("2026-11-16", 500_000, 750_000), ("2026-11-23", 0, -250_000)] == [tuple(week) for week in after.weeks]
    sources = {line.name: line.leads for line in (await reported(either, "source")).report.lines}
    assert {"google": 1, "mail": 1, "meta": 1} == sources


async def test_test_leads_and_pings_are_no_journeys_and_a_second_look_changes_nothing(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme"))
    await post(exchange, person(1), mode=Mode.TEST)
    await ping(exchange)
    await post(exchange, person(2))

    assert 1 == len(await paths(exchange)) == len(await paths(exchange))
    later(exchange, 300)
    assert 1 == len(await paths(exchange))


async def test_the_same_file_twice_and_the_same_day_again_change_nothing(either: Exchange) -> None:
    market = either.market
    again = [await bring_costs(market, COSTS, "costs.csv", "USD", OPERATOR) for _ in range(2)]
    newer = await bring_costs(market, COSTS.replace(b"9.50", b"10.50"), "newer.csv", "USD", OPERATOR)
    one: dict[str, str] = {"day": "2026-11-21", "source": "mail", "campaign": "spring", "cost": "3.00"}
    same = await set_cost(market, one, "USD", OPERATOR)
    other = await set_cost(market, {**one, "cost": "4"}, "USD", OPERATOR)

    assert ([2, None], 1, False, True) == (again, newer, same[1], other[1])
    rows: list[dict[str, Any]] = await either.rows("SELECT * FROM media_costs ORDER BY source")
    assert [("google", 10_310_000, 31), ("mail", 40_000, 0)] == [
        (row["source"], row["units"], row["clicks"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"campaign,cost\nx,1", "day, source"),
        (b"day,source,cost\n21.11.2026,google,1", "Line 2: day must be a date"),
        (b"day,source,cost\n2026-11-21,google,1\n2026-11-21,google,cheap", "Line 3: cost must be"),
        (b"day,source,cost\n2026-11-21,,1", "source is needed"),
        (b"day,source,cost,clicks\n2026-11-21,x,1,-2", "clicks must be"),
        (b"day,source,cost\n2026-11-21,x,-1", "must not be negative"),
        (b"day,source,cost,currency\n2026-11-21,x,1,dollars", "currency"),
        (b"\xff\xfe", "UTF-8"),
        (b"", "must name the columns"),
    ],
)
async def test_a_file_with_a_mistake_is_refused_whole_and_names_the_line(
    exchange: Exchange, content: bytes, told: str
) -> None:
    with pytest.raises(BadCosts) as refused:
        await bring_costs(exchange.market, content, "costs.csv", "USD", OPERATOR)

    assert told in str(refused.value)
    assert 0 == await exchange.count("media_costs") == await exchange.count("media_files")


def test_semicolons_and_a_mark_at_the_beginning_are_read() -> None:
    (row,) = read_costs("\ufeffday;source;campaign;cost\n2026-11-21;bing;fall;2.25\n".encode(), "EUR")

    assert ("bing", "fall", "EUR", 22_500) == (row.source, row.campaign, row.currency, row.units)


def test_a_period_that_is_none_is_told(exchange: Exchange) -> None:
    market = exchange.market
    for given, field in (
        (("2026-11-21", "2026-11-20", "", ""), "from"),
        (("yesterday", "", "", ""), "from"),
        (("", "", "dollar", ""), "currency"),
        (("", "", "", "color"), "by"),
        (("2020-01-01", "2026-11-20", "", ""), "from"),
    ):
        with pytest.raises(BadPeriod) as refused:
            read_asked(market, *given)
        assert field == refused.value.field
