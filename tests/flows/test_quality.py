"""What sources bring, counted from what happened: exactly, whatever is repeated, and held for the line."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from exchange.flows.dispositions import record_disposition
from exchange.flows.quality import count_outcomes, keep_quality
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.returns import Asking, ask_return, find_returnable
from exchange.flows.seller_list import seller_lines
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.model.lead import Mode
from exchange.model.money import Money
from exchange.model.party import Payout, State, Strategy, Tier
from exchange.model.quality import DAY_MS
from exchange.model.returns import ReturnState
from exchange.stages.quality.cohorts import cohorts
from exchange.stages.quality.standing import Band
from exchange.storage.quality import count_sales
from exchange.storage.quality_sums import week_sums
from exchange.web.figures.heat import source_lines
from exchange.web.figures.quality import curves_of
from tests.flows.lab import OPERATOR, later, post
from tests.market import REFUSED, SOLD, Deposit, Exchange, buyer, buying, campaign, consumer, contract, selling, usd

ACME = Actor(Role.BUYER, "acme", "acme")
COUNTS = "sold, contacted, converted, ended, returned, bad, price_units, payout_units, lost_units, reached"


async def sold(exchange: Exchange, number: int, sub_id: str = "good", mode: Mode = Mode.LIVE) -> str:
    answer = await post(exchange, {**consumer(number), "sub_id1": sub_id}, mode=mode)
    assert answer["status"] == "accepted", answer.fields
    return str(answer["lead_id"])


async def told(exchange: Exchange, lead_id: str, kind: str) -> None:
    await record_disposition(Report(lead_id, kind, "", None, None), exchange.market, ACME)
    later(exchange, 1)


async def counted(exchange: Exchange) -> dict[str, tuple[int, ...]]:
    """By sub id, what its days come to."""
    rows = await exchange.rows(f"SELECT sub_id, {COUNTS} FROM sale_days ORDER BY sub_id")
    return {str(row.pop("sub_id")): tuple(row.values()) for row in rows}


async def test_what_buyers_report_is_counted_once_however_often_it_is_told(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", price=usd("30")))
    first, second = await sold(either, 1), await sold(either, 2)
    await sold(either, 3, "other")
    await sold(either, 4, mode=Mode.TEST)
    later(either, 10)
    await keep_quality(either.market)
    nothing_told = {
        "good": (2, 0, 0, 0, 0, 0, 600_000, 480_000, 0, 0),
        "other": (1, 0, 0, 0, 0, 0, 300_000, 240_000, 0, 0),
    }
    assert nothing_told == await counted(either)
    for kind in ("contacted", "sold", "contacted"):
        await told(either, first, kind)
    found = await find_returnable(either.market, ACME, second)
    assert found is not None and await ask_return(either.market, ACME, found, Asking("language"))
    later(either, 10)
    for _ in range(3):
        await keep_quality(either.market)
    assert (2, 1, 1, 1, 1, 1, 600_000, 480_000, 300_000, 0) == (await counted(either))["good"]

    sales = [row["id"] for row in await either.rows("SELECT id FROM sales WHERE mode = 'live' ORDER BY id")]
    await either.market.db.write(count_sales, sales, {})
    without_words = (2, 0, 0, 1, 1, 1, 600_000, 480_000, 300_000, 0)  # no reports
    assert without_words == (await counted(either))["good"]


async def test_what_is_decided_about_a_return_counts(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", price=usd("30")))
    choices = (Choice(ReturnState.DECLINED, "You reached her"), Choice(ReturnState.PARTIAL, credit=usd("10")))
    for number, choice in enumerate(choices):
        lead_id = await sold(either, number)
        found = await find_returnable(either.market, ACME, lead_id)
        assert found is not None and await ask_return(either.market, ACME, found, Asking("language"))
        later(either, 10)
        await keep_quality(either.market)
        assert (1, 300_000) == (await counted(either))["good"][4::4]  # asked: all of it is counted as lost
        returns = await either.rows("SELECT id FROM return_requests WHERE lead_id = :id", id=lead_id)
        await decide_return(either.market, returns[0]["id"], choice, OPERATOR)
        later(either, 10)
        await keep_quality(either.market)
        left = (0, 0) if choice.state is ReturnState.DECLINED else (1, 100_000)
        assert left == (await counted(either))["good"][4::4]


async def test_days_are_counted_from_the_leads_by_sub_id_and_contract(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme"), *buying("birch", price=usd("20")))
    either.buyers.bids("acme", "30.00")
    either.buyers.answers_posts("acme", REFUSED, SOLD)
    await sold(either, 1)
    await sold(either, 2)
    again = await post(either, {**consumer(2), "sub_id1": "good"})
    assert again["status"] == "duplicate"
    later(either, 10)
    await keep_quality(either.market)
    days = await either.rows("SELECT sub_id, leads, refused, duplicate, fraud, passed, sold FROM source_days")
    assert [("good", 3, 1, 1, 0, 2, 2)] == [tuple(row.values()) for row in days]
    posts = await either.rows(
        "SELECT contract_id, posts, taken, refused_alive, bid_units FROM post_days ORDER BY contract_id"
    )
    assert [("acme-solar", 2, 1, 1, 300_000), ("birch-solar", 1, 1, 0, 200_000)] == [
        tuple(row.values()) for row in posts
    ]
    later(either, 86_400)
    await sold(either, 5)
    await keep_quality(either.market)
    assert 2 == len(await either.rows("SELECT DISTINCT day FROM source_days"))


async def test_amounts_of_two_currencies_are_never_added_up(either: Exchange) -> None:
    euros = partial(Money.parse, currency="EUR")
    abroad = campaign(
        "cedar",
        id="cedar-abroad",
        currency="EUR",
        floor=euros("0"),
        min_margin=euros("0"),
        payout=Payout(euros("0"), 8_000),
    )
    await either.add(*selling("cedar"), abroad, *buying("acme", price=usd("30")))
    birch = contract("birch", price=euros("20"), max_bid=euros("60"))
    await either.add(buyer("birch", limit=euros("0")), Deposit("birch", euros("500")), birch)
    for number, sub_id, sold_in in ((1, "both", "solar"), (2, "both", "abroad"), (3, "one", "abroad")):
        answer = await post(either, {**consumer(number), "sub_id1": sub_id}, campaign=f"cedar-{sold_in}")
        assert answer["status"] == "accepted", answer.fields
    later(either, 10)
    await keep_quality(either.market)

    found, now = either.market.live.standings.verticals["solar"], either.clock.now()
    sub_ids = [found.sources["cedar", sub_id] for sub_id in ("both", "one")]
    assert [("", 0, 0), ("EUR", 200_000, 160_000)] == [(e.currency, e.earned_units, e.paid_units) for e in sub_ids]
    seller = found.sellers["cedar"]
    assert ("", 0, 0, 3) == (seller.currency, seller.earned_units, seller.paid_units, seller.sold)
    [line] = await seller_lines(either.market, OPERATOR, "live", now - now % DAY_MS, now)
    assert (3, None) == (line.sales, line.epl)
    curves = await curves_of(either.market, "solar")
    week = cohorts(await either.market.db.read(week_sums, OPERATOR, "solar", 0), now / DAY_MS, curves)[-1]
    assert (3, None, None) == (week.sold, week.net_price, week.payout)
    lines = (await source_lines(either.market, OPERATOR, "solar", now)).lines
    assert {"both": None, "one": "16.00"} == {each.sub_id: each.fields["epl"] for each in lines}


async def test_what_a_buyer_reached_counts_for_what_it_promises(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", price=usd("30")))
    came = [await sold(either, number) for number in range(10)]
    young = [await sold(either, number, "young") for number in range(10, 14)]
    for lead_id in (*came, *young[:3]):
        await told(either, lead_id, "contacted")
    for lead_id in came:
        await told(either, lead_id, "sold")
    await told(either, young[0], "not_interested")
    later(either, 60)
    await keep_quality(either.market)
    live = either.market.live.standings
    curves, found = live.curves["solar"], live.verticals["solar"].sources["cedar", "young"]
    assert {"acme"} == curves.promise.buyers and 0.5 < curves.promise.chance(0.0) <= 1.0
    young_day = (await counted(either))["young"]
    assert ((4, 3, 0, 1), 2) == (young_day[:4], young_day[9])
    rate = found.rates["conversion"]
    assert (0, 4) == (rate.told, rate.leads) and rate.a > 1.0  # beside what it is drawn to
    today = either.clock.now() / DAY_MS
    rows = await either.market.db.read(week_sums, OPERATOR, "solar", 0, "", frozenset(), curves.promise.buyers)
    assert [(13, 2)] == [(row["early_open"], row["early_reached"]) for row in rows]
    [week] = cohorts(rows, today, curves)
    assert 10 == week.converted < week.conversions <= 14


async def test_a_buyer_that_never_reports_makes_no_source_look_bad(either: Exchange) -> None:
    birch = Actor(Role.BUYER, "birch", "birch")
    await either.add(*selling("cedar"), *buying("birch", "9000", price=usd("30")))
    quiet = [await sold(either, number, "quiet") for number in range(20)]
    await either.add(*buying("birch", price=usd("30"), state=State.PAUSED), *buying("acme", price=usd("30")))
    for number in range(100, 106):
        await told(either, await sold(either, number, "loud"), "contacted")
    later(either, 86_400)
    await keep_quality(either.market)
    live = either.market.live.standings
    found = {sub_id: live.verticals["solar"].sources["cedar", sub_id].rates["contact"] for sub_id in ("quiet", "loud")}
    assert [(0, 0), (6, 6)] == [(found[name].told, found[name].leads) for name in ("quiet", "loud")]
    assert found["quiet"].value > 0.7 and live.curves["solar"].silent == {"birch"}

    await record_disposition(Report(quiet[0], "contacted", "", None, None), either.market, birch)
    later(either, 3_600)
    await keep_quality(either.market)
    heard = live.verticals["solar"].sources["cedar", "quiet"].rates["contact"]
    assert (1, 20) == (heard.told, heard.leads) and heard.value < 0.4 and not live.curves["solar"].silent


async def test_the_line_finds_how_a_source_stands(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "100000", price=usd("30")))
    number = 0
    for _ in range(6):
        for sub_id, bad in (("good", False), ("rotten", True), ("plain", False), ("common", False)):
            for _ in range(4):
                number += 1
                lead_id = await sold(exchange, number, sub_id)
                await told(exchange, lead_id, "wrong_number" if bad else "contacted")
        later(exchange, 86_400)
        await keep_quality(exchange.market)
    live = exchange.market.live.standings
    assert Band.ROTTEN is live.band("solar", "cedar", "rotten")
    assert {Band.USUAL} == {live.band("solar", *each) for each in (("cedar", "good"), ("cedar", "new"), ("elm", "x"))}
    grades = {}
    for name, sub_id in ((8_001, "rotten"), (8_050, "good")):
        answer = await post(exchange, {**consumer(name), "sub_id1": sub_id})
        rows = await exchange.rows("SELECT document FROM trails WHERE lead_id = :id", id=answer["lead_id"])
        steps = read_trail(bytes(rows[0]["document"]))["steps"]
        grades[sub_id] = next(step["facts"] for step in steps if step.get("check") == "grade")
    assert "Its source is rotten: -30" in grades["rotten"]
    assert not any("Its source" in fact for fact in grades["good"])
    source = live.verticals["solar"].sources["cedar", "rotten"]
    assert (24, 24, 24) == (source.leads, source.sold, source.suspicion.counts.told if source.suspicion else 0)
    assert 0 == await count_outcomes(exchange.market.db, exchange.market.verticals, exchange.market.clock.now())


async def test_who_refuses_what_it_won_is_ranked_behind_and_the_record_says_why(exchange: Exchange) -> None:
    tree = (Tier(1, "Everybody", Strategy.EXPECTED),)
    await exchange.add(*selling("cedar", tiers=tree), *buying("birch", "9000"), *buying("acme", "9000"))
    exchange.buyers.bids("birch", "31.00")
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.answers_posts("birch", REFUSED)
    buyers = []
    for number in range(30):
        answer = await post(exchange, consumer(number))
        buyers.append(len(await exchange.rows("SELECT id FROM attempts WHERE lead_id = :id", id=answer["lead_id"])))
        later(exchange, 3_600)
        await keep_quality(exchange.market)
    assert [2, 1] == [buyers[0], buyers[-1]]
    rows = await exchange.rows("SELECT document FROM trails ORDER BY request_id DESC LIMIT 1")
    ranking = read_trail(bytes(rows[0]["document"]))["ranking"]
    first, second = ranking["candidates"]
    assert ("acme-solar", "30.00", "birch-solar") == (first["contract"], first["bid"], second["contract"])
    assert first["taken"] > 0.9 > second["taken"] and 0.5 < ranking["alive"] < 1.0
    assert Decimal(first["index"]) > Decimal(second["index"]) > 0
