"""Alerts: one for each cause however many see it, told as it is now, over by itself, muted, taken, and set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.flows.alerts import (
    BadSetting,
    look_at_own,
    look_for_alerts,
    mute,
    set_rule,
    settings_of,
    take,
    worst_alert,
)
from exchange.flows.market import refresh
from exchange.flows.pausing import pause_buyer
from exchange.model.alert import UNTIL_OVER, Alert, Setting
from exchange.model.party import Cap, State, Window
from exchange.model.wire import Loss
from exchange.storage.alert_views import OverFilter, list_over
from exchange.storage.alerts import count_open, open_alerts
from exchange.worker import run_jobs
from tests.flows.lab import HUNG_UP, OPERATOR, later, person, post
from tests.flows.receivers import events, hook, listen, run_all
from tests.market import Exchange, buying, selling, usd


async def looked(exchange: Exchange, seconds: float = 61) -> list[Alert]:
    """What is open after every process has looked, some seconds later."""
    while await run_jobs(exchange.market):
        pass
    later(exchange, seconds)
    await refresh(exchange.market)
    await look_at_own(exchange.market)
    await look_for_alerts(exchange.market)
    return await exchange.market.db.read(open_alerts)


def times_out(exchange: Exchange, buyer: str, count: int) -> None:
    for _ in range(count):
        exchange.market.breaker.lost(buyer, exchange.market.clock.now(), 1_200, Loss.TIMEOUT)


def answers(exchange: Exchange, buyer: str, count: int) -> None:
    for _ in range(count):
        exchange.market.breaker.answered(buyer, 90)


async def test_timeouts_and_the_breaker_are_one_alert_that_ends_by_itself(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "9000"))
    await listen(either, hook("ember"), OPERATOR, "alert.*")
    await post(either, person(1))
    answers(either, "acme", 18)
    times_out(either, "acme", 2)
    assert [] == await looked(either, 1), "two of twenty are ten percent, not over it"
    times_out(either, "acme", 1)
    (slow,) = await looked(either, 5)
    times_out(either, "acme", 2)
    (dead,) = await looked(either, 5)
    again = [await looked(either, 5) for _ in range(3)][-1]
    answers(either, "acme", 1)
    later(either, 30)
    assert either.market.breaker.admit("acme", either.market.clock.now(), delivers=False) is None
    answers(either, "acme", 1)
    assert 1 == len(await looked(either, 10)), "it ends when nobody has seen it for a while"
    assert [] == await looked(either, 40)
    await run_all(either)

    assert ("timeouts", "breaker") == (slow.rule, dead.rule) and slow.id == dead.id == again[0].id
    assert "Acme times out" == slow.title and "3 of its last 20 requests timed out (15.0%)." in slow.effect
    assert "$25.00" in slow.effect or "an hour" in slow.effect
    assert ["Pause Acme", "Leads of Acme"] == [act.word for act in dead.acts]
    assert "Breaker open since" in dead.likely
    (ended,) = await either.market.db.read(list_over, OverFilter())
    assert ended.note.startswith("The cause is over. It lasted 1 min") and "exchange" == ended.closed_by
    heard = [(each["type"], each["object"]) for each in events(either, hook("ember"))]
    assert [("alert.opened", slow.id), ("alert.closed", slow.id)] == heard


async def test_nodes_that_look_at_once_open_one_alert_and_what_comes_back_goes_on(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "9000"))
    other = replace(either, market=replace(either.market))
    times_out(either, "acme", 5)
    await look_at_own(either.market)
    await look_at_own(other.market)
    (first,) = await either.market.db.read(open_alerts)
    answers(either, "acme", 1)
    later(either, 31)
    either.market.breaker.admit("acme", either.market.clock.now(), delivers=False)
    answers(either, "acme", 1)
    assert [] == await looked(either, 50)
    times_out(either, "acme", 5)
    (second,) = await looked(either, 5)

    assert (first.id, 2, first.opened_at) == (second.id, second.times, second.opened_at)


async def test_balances_caps_and_unclear_posts_are_told_until_they_are_over(exchange: Exchange) -> None:
    caps = (Cap(Window.DAY, "count", 10),)
    await exchange.add(
        *selling("cedar"), *buying("acme", "9000", price=usd("20"), caps=caps), *buying("birch", "250", price=usd("10"))
    )
    for number in range(9):
        await post(exchange, person(number))
    (cap,) = await looked(exchange)
    await post(exchange, person(9))
    (full,) = await looked(exchange)
    for number in range(10, 30):
        await post(exchange, person(number))
    found = {each.rule: each for each in await looked(exchange)}
    exchange.buyers.answers_posts("birch", HUNG_UP)
    await post(exchange, person(31))
    assert "unclear" not in {each.rule for each in await looked(exchange, 60)}
    unclear = {each.rule: each for each in await looked(exchange, 15 * 60)}["unclear"]
    short = await looked(exchange, 86_400)

    assert ("Acme's daily cap of 10 leads is used to 90%", "Acme's daily cap of 10 leads is full") == (
        cap.title,
        full.title,
    )
    assert cap.id == full.id and "10 leads of 10 leads used. Resets 00:00" in full.effect
    assert "Birch's balance is good for 5 leads" == found["balance"].title
    assert "$50.00 left at up to $10.00 a lead." in found["balance"].effect
    assert "1 post to Birch is unclear" == unclear.title and "$10.00 stays held" in unclear.effect
    assert "cap" not in {each.rule for each in short}, "its window is over"


async def test_an_alert_is_muted_taken_and_ranked(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "30", price=usd("20")), *buying("birch", "9000"))
    times_out(either, "birch", 5)
    opened = await looked(either)
    market = either.market
    worst = await worst_alert(market)
    assert worst is not None and ("breaker", ["breaker", "balance"]) == (worst.rule, [each.rule for each in opened])
    await take(market, worst.id, OPERATOR.name, OPERATOR)
    await mute(market, worst.id, market.clock.now() + 3_600_000, OPERATOR)
    quiet = await worst_alert(market)
    assert quiet is not None and "balance" == quiet.rule and 1 == await market.db.read(count_open, market.clock.now())
    await mute(market, quiet.id, UNTIL_OVER, OPERATOR)
    assert await worst_alert(market) is None
    later(either, 3_601)
    back = await worst_alert(market)
    assert back is not None and (worst.id, OPERATOR.name) == (back.id, back.owner)
    await pause_buyer(market, "birch", None, "", OPERATOR)
    assert State.PAUSED is market.deals.buyers["birch"].state
    lines = await either.rows("SELECT action FROM audit_lines WHERE actor = :by ORDER BY at, id", by=OPERATOR.name)
    assert ["alert.muted", "alert.muted", "alert.taken", "buyer.paused"] == sorted(each["action"] for each in lines)


async def test_rules_are_set_with_a_line_and_bad_thresholds_are_refused(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "9000"))
    market = exchange.market
    assert Setting(True, 10, 20) == (await settings_of(market))["timeouts"]
    with pytest.raises(BadSetting, match=r"first: percent is 1 to 90\. Got 0\."):
        await set_rule(market, "timeouts", Setting(True, 0, 20), OPERATOR)
    with pytest.raises(BadSetting, match="rule: there is none"):
        await set_rule(market, "nothing", Setting(True, 0, 0), OPERATOR)
    answers(exchange, "acme", 17)
    times_out(exchange, "acme", 3)
    await set_rule(market, "timeouts", Setting(True, 20, 20), OPERATOR)
    assert [] == await looked(exchange, 5)
    await set_rule(market, "timeouts", Setting(False, 5, 20), OPERATOR)
    assert [] == await looked(exchange, 5)
    await set_rule(market, "timeouts", Setting(True, 5, 20), OPERATOR)
    assert ["timeouts"] == [each.rule for each in await looked(exchange, 5)]
    lines = await exchange.rows("SELECT after_json FROM audit_lines WHERE action = 'alert_rule.set' ORDER BY at, id")
    assert 3 == len(lines) and '"first":20' in lines[0]["after_json"]


async def test_a_thin_margin_is_told_and_ends_when_the_target_is_lower(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "9000", price=usd("25")))
    for number in range(5):
        await post(either, person(number))
    await set_rule(either.market, "margin", Setting(True, 50, 0), OPERATOR)
    (thin,) = await looked(either)
    await set_rule(either.market, "margin", Setting(True, 5, 0), OPERATOR)

    assert ("margin", "The margin is 20.0%, under 50%") == (thin.rule, thin.title)
    assert "$25.00 of $125.00 stayed in 24 hours, $37.50 less" in thin.effect
    assert [] == await looked(either)


async def test_a_fall_of_the_sold_rate_is_told_beside_the_same_hour_of_four_weeks(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "9000", price=usd("25")))
    number = 0
    for _ in range(8):
        for _ in range(20):
            await post(exchange, person(number := number + 1))
        later(exchange, 86_400)
    await set_rule(exchange.market, "sold_rate", Setting(True, 30, 0), OPERATOR)
    await pause_buyer(exchange.market, "acme", None, "", OPERATOR)
    for _ in range(50):
        await post(exchange, person(number := number + 1))
    found = [each for each in await looked(exchange, 3_600) if each.rule == "sold_rate"]

    assert ["Only 0.0% of leads were sold in the last hour"] == [each.title for each in found]
    assert "0 of 50; at this hour it is usually" in found[0].effect
