"""Alerts on their pages: what is open with what to do, muted and taken, over with how long, and the rules."""

from __future__ import annotations

from exchange.flows.alerts import look_at_own, look_for_alerts
from exchange.flows.market import refresh
from exchange.model.wire import Loss
from exchange.worker import run_jobs
from tests.market import buying
from tests.web.served import Served
from tests.web.visitor import OPERATOR, later, signed_in

HOME = "/console/alerts"


async def looked(served: Served, seconds: float = 61) -> None:
    market = served.exchange.market
    while await run_jobs(market):
        pass
    later(served, seconds)
    await refresh(market)
    await look_at_own(market)
    await look_for_alerts(market)


async def dead(served: Served) -> None:
    market = served.exchange.market
    await served.exchange.add(*buying("acme", "9000"))
    for _ in range(5):
        market.breaker.lost("acme", market.clock.now(), 1_200, Loss.TIMEOUT)
    await looked(served)


async def test_an_alert_is_shown_taken_muted_and_over_with_how_long_it_lasted(served: Served) -> None:
    await dead(served)
    async with signed_in(served) as visitor:
        opened = await visitor.open(HOME)
        (alert,) = (await visitor.open(f"{HOME}.json")).fields["open"]
        one = f"{HOME}/{alert['id']}"
        taken = await visitor.submit(f"{one}/take", take="yes", back=one)
        muted = await visitor.submit(f"{one}/mute", until="1h")
        wrong = await visitor.submit(f"{one}/mute", until="ever")
        elsewhere = await visitor.submit(f"{one}/mute", follow=False, back="//evil.example", until="no")
        paused = await visitor.submit(f"{HOME}/pause", buyer_id="acme")
        again = await visitor.submit(f"{HOME}/pause", buyer_id="acme")
        market = served.exchange.market
        market.breaker.answered("acme", 90)
        later(served, 31)
        market.breaker.admit("acme", market.clock.now(), delivers=False)
        market.breaker.answered("acme", 90)
        await looked(served)
        over = await visitor.open(one)
        history = await visitor.open(HOME)
        told = (await visitor.open(f"{HOME}.json?rule=breaker&period=today")).fields
        rows = (await visitor.open(f"{HOME}.csv")).source.splitlines()
        without = await visitor.open(f"{HOME}?rule=cap")
        late = await visitor.submit(f"{one}/take")
        missing = await visitor.open(f"{HOME}/alt_none")

    assert "Acme does not answer and is left alone" in opened.text and "1 open" in opened.part("total")
    assert ["Pause Acme", "Leads of Acme"] == [act["word"] for act in alert["actions"]]
    assert '<span class="cnt' in opened.source.partition('data-testid="nav-alerts"')[2].partition("</a>")[0]
    assert f"{OPERATOR} sees to it." in taken.text and "Alert taken" in taken.part("lines")
    assert "0 open, 1 muted" in muted.part("total") and (422, 303) == (wrong.http_status, elsewhere.http_status)
    assert HOME == elsewhere.headers["Location"]
    assert (200, 409) == (paused.http_status, again.http_status)
    assert "Over" in over.text and "The cause is over. It lasted" in over.part("alert")
    assert "Acme does not answer" in history.part("past alerts") and "0 open" in history.part("total")
    assert [alert["id"]] == [each["id"] for each in told["past_alerts"]] and [] == told["open"]
    assert ["id,rule,about,title", alert["id"]] == [rows[0][:19], rows[1].partition(",")[0]]
    assert "past alert" in history.part("history")
    assert 'Without "Rule: Cap nearly used" there is 1.' in without.text
    assert (409, 404) == (late.http_status, missing.http_status)


async def test_rules_are_changed_on_their_page_and_bad_numbers_are_told(served: Served) -> None:
    async with signed_in(served) as visitor:
        shown = await visitor.open(f"{HOME}/rules")
        saved = await visitor.submit(f"{HOME}/rules", rule="timeouts", active="yes", first="25", second="20")
        off = await visitor.submit(f"{HOME}/rules", rule="cap", active="no", first="90")
        wrong = await visitor.submit(f"{HOME}/rules", rule="timeouts", active="yes", first="many", second="20")
        high = await visitor.submit(f"{HOME}/rules", rule="timeouts", active="yes", first="99", second="20")
        rules = {each["rule"]: each for each in (await visitor.open(f"{HOME}/rules.json")).fields["rules"]}

    assert "More than 10% of a buyer's last 20 requests timed out." in shown.text
    assert "More than 25% of a buyer's last 20 requests" in saved.text and "Off" in off.text
    assert "write a whole number. Got 'many'" in wrong.part("problem") and "percent is 1 to 90. Got 99." in high.text
    assert (422, 422, 25, False) == (
        wrong.http_status,
        high.http_status,
        rules["timeouts"]["first"],
        rules["cap"]["active"],
    )
