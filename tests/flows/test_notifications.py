"""Notifications: each told once, to whom it concerns, by the ways they chose, about one thing once an hour."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.clock import SimulatedClock
from exchange.flows.alerts import look_at_own, look_for_alerts, mute
from exchange.flows.links import read_link
from exchange.flows.notice_choices import NotSaved, choose_reach, choose_team, choose_ways, stop_event
from exchange.flows.notice_send import STOP, plan_daily
from exchange.flows.notify import note_lead_hearers, notify
from exchange.flows.sign_in import create_user
from exchange.model.alert import UNTIL_OVER
from exchange.model.notice import Notice
from exchange.model.wire import EmailMessage, Loss
from exchange.stages.webhooks import FAILING_MS
from exchange.storage.jobs import add_job
from exchange.storage.notices import inbox_of
from exchange.storage.users import UserRow, find_user
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, later, person, post
from tests.flows.receivers import CEDAR, hook, listen
from tests.market import Exchange, buying, reply, selling

OLIVE, ACE, CY = "olive@operator.example", "ace@acme.example", "cy@cedar.example"


async def opened(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "9000"))
    for email, role, party in ((OLIVE, "operator", None), (ACE, "buyer", "acme"), (CY, "seller", "cedar")):
        assert await create_user(exchange.market, email, role, party)


async def who(exchange: Exchange, email: str) -> UserRow:
    found = await exchange.market.db.read(find_user, email)
    assert found is not None
    return found


async def worked(exchange: Exchange) -> list[EmailMessage]:
    """The mails that go out now."""
    before = len(exchange.buyers.mailed)
    while await run_jobs(exchange.market):
        pass
    return exchange.buyers.mailed[before:]


async def tell(exchange: Exchange, notice: Notice) -> list[EmailMessage]:
    await exchange.market.db.write(add_job, notify(exchange.market, notice))
    return await worked(exchange)


async def inbox(exchange: Exchange, email: str) -> list[tuple[str, str, bool]]:
    rows = await exchange.market.db.read(inbox_of, (await who(exchange, email)).id, 50)
    return [(row["title"], row["path"], row["read_at"] is not None) for row in rows]


def notice(number: int = 1, event: str = "payout", **changes: Any) -> Notice:
    made = Notice(
        event,
        "operator",
        None,
        f"thing {number}",
        (f"What {number} is.",),
        f"/console/payouts?{number}",
        f"once:{number}",
    )
    return made._replace(**changes)


async def test_an_alert_tells_operators_and_the_buyer_once_and_leads_to_its_record(either: Exchange) -> None:
    await opened(either)
    market = either.market
    for _ in range(5):
        market.breaker.lost("acme", market.clock.now(), 1_200, Loss.TIMEOUT)
    for _ in range(4):
        await look_at_own(market)
        later(either, 5)
    mails = {mail.to[0]: mail for mail in await worked(either)}
    (alert,) = await either.rows("SELECT id FROM alerts")
    market.breaker.answered("acme", 90)
    later(either, 31)
    market.breaker.admit("acme", market.clock.now(), delivers=False)
    market.breaker.answered("acme", 90)
    later(either, 60)
    await look_for_alerts(market)
    soon = await worked(either)
    later(either, 3_600)
    hourly = await worked(either)

    assert {OLIVE, ACE} == set(mails)
    assert "Acme does not answer and is left alone" in mails[OLIVE].subject
    assert f"/console/alerts/{alert['id']}" in mails[OLIVE].text and "What to do: Pause Acme or" in mails[OLIVE].text
    assert "Your system does not answer" in mails[ACE].subject and "Acme" not in mails[ACE].text
    assert [("over: Acme does not answer and is left alone", f"/console/alerts/{alert['id']}", False)] == await inbox(
        either, OLIVE
    )
    assert [] == soon and [[OLIVE]] == [list(mail.to) for mail in hourly], "about one alert one message an hour"
    assert "It is over and lasted" in hourly[0].text


async def test_the_same_is_never_told_twice_and_a_job_that_comes_again_sends_nothing(either: Exchange) -> None:
    await opened(either)
    first, again = await tell(either, notice()), await tell(either, notice())
    rows = await either.rows("SELECT notice_id, target FROM notice_sends WHERE state = 'sent'")
    sent = {"notice_id": rows[0]["notice_id"], "target": rows[0]["target"], "channel": "email"}
    from exchange.flows.notice_send import send_notice

    await send_notice(either.market, sent)

    assert (1, 0) == (len(first), len(again)) and 1 == len(rows)
    assert 1 == len(either.buyers.mailed) and [("thing 1", "/console/payouts?1", False)] == await inbox(either, OLIVE)
    assert first[0].message_id.startswith(f"<{rows[0]['notice_id']}.")


async def test_ways_quiet_hours_and_the_daily_mail_are_as_somebody_chose(exchange: Exchange) -> None:
    await opened(exchange)
    market, olive = exchange.market, await who(exchange, OLIVE)
    await choose_ways(market, olive, {"payout:email": "digest", "invoice:in_app": "off"})
    assert [] == await tell(exchange, notice(1)) == await tell(exchange, notice(2))
    await plan_daily(market)
    daily = await worked(exchange)
    await plan_daily(market)
    assert [] == await worked(exchange)
    form = {"phone": "(602) 555-0142", "quiet_from": "09:00", "quiet_until": "11:00", "zone": "America/New_York"}
    await choose_reach(market, olive, form, OPERATOR, "")
    held = await tell(exchange, notice(3, "invoice"))
    later(exchange, 2 * 3_600)
    woken = await worked(exchange)

    assert ["Lead Exchange: 2 things of the day"] == [mail.subject for mail in daily]
    assert "What 1 is." in daily[0].text and "/console/payouts?2" in daily[0].text
    assert [] == held and ["Lead Exchange: thing 3"] == [mail.subject for mail in woken]
    assert ["thing 2", "thing 1"] == [each[0] for each in await inbox(exchange, OLIVE)]
    for bad, field in (
        ({"phone": "12"}, "phone"), ({"zone": "Mars/Olympus"}, "zone"), ({"quiet_from": "22:00"}, "quiet_until"),
        ({"digest": "8 in the morning"}, "digest"),
    ):  # fmt: skip
        with pytest.raises(NotSaved, match=f"^{field}"):
            await choose_reach(market, olive, bad, OPERATOR, "")
    with pytest.raises(NotSaved, match="no such event"):
        await choose_ways(market, await who(exchange, CY), {"alert.money:email": "now"})
    with pytest.raises(NotSaved, match="beginning with https"):
        await choose_team(market, olive, "ftp://x", {}, (), OPERATOR, "")


async def test_a_mail_has_a_way_out_but_for_what_guards_an_account(exchange: Exchange) -> None:
    await opened(exchange)
    (mail,) = await tell(exchange, notice())
    link = read_link(exchange.market, mail.unsubscribe.rpartition("/")[2])
    assert not isinstance(link, type(None)) and getattr(link, "detail", "") == f"{STOP}payout"
    await stop_event(exchange.market, (await who(exchange, OLIVE)).id, "payout")
    (guard,) = await tell(exchange, notice(2, "security"))

    assert [] == await tell(exchange, notice(3)) and not guard.unsubscribe
    assert "/account/notifications/settings" in mail.text


async def test_a_muted_alert_sends_nothing_more(exchange: Exchange) -> None:
    await opened(exchange)
    market = exchange.market
    await choose_reach(
        market, await who(exchange, OLIVE), {"quiet_from": "09:00", "quiet_until": "11:00"}, OPERATOR, ""
    )
    for _ in range(5):
        market.breaker.lost("acme", market.clock.now(), 1_200, Loss.TIMEOUT)
    await look_at_own(market)
    await worked(exchange)
    (alert,) = await exchange.rows("SELECT id FROM alerts")
    await mute(market, alert["id"], UNTIL_OVER, OPERATOR)
    later(exchange, 3 * 3_600)

    assert OLIVE not in [mail.to[0] for mail in await worked(exchange)]


async def test_an_address_that_fails_five_days_is_disabled_and_mail_says_so(exchange: Exchange) -> None:
    await opened(exchange)
    await listen(exchange, hook("ember"), CEDAR, "lead.*")
    exchange.buyers.answers_posts("ember", reply(http_status=500))
    await post(exchange, person(1))
    mails: list[EmailMessage] = []
    clock = exchange.clock
    assert isinstance(clock, SimulatedClock)
    for number in range(2, 16):
        mails += await worked(exchange)
        clock.advance(FAILING_MS / 1_000 / 11)
        await post(exchange, person(number))
    mails += await worked(exchange)
    told = [mail for mail in mails if "was disabled" in mail.subject]

    assert {OLIVE, CY} == {mail.to[0] for mail in told} and 2 == len(told)
    assert "It failed for five days without one success." in told[0].text
    paths = {mail.to[0]: mail.text for mail in told}
    assert "/console/webhooks?endpoint=" in paths[OLIVE] and "/seller/postbacks" in paths[CY]
    (endpoint,) = await exchange.rows("SELECT state FROM webhook_endpoints")
    assert "disabled" == endpoint["state"]


async def test_every_lead_is_told_only_to_whom_chose_it(exchange: Exchange) -> None:
    await opened(exchange)
    await post(exchange, person(1))
    assert [] == await worked(exchange)
    await choose_ways(exchange.market, await who(exchange, ACE), {"lead.delivered:email": "now"})
    await note_lead_hearers(exchange.market)
    answer = await post(exchange, person(2))
    (mail,) = await worked(exchange)

    assert (
        (ACE,) == mail.to
        and "a new lead for $25.00" in mail.subject
        and f"/buyer/leads/{answer['lead_id']}" in mail.text
    )
