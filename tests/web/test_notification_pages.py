"""Notifications on their pages, the same for all three audiences: the bell, what was told, and how one is told."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.flows.notify import notify
from exchange.model.notice import Notice
from exchange.storage.database import Tx
from exchange.storage.jobs import add_job
from exchange.worker import run_jobs
from tests.web.served import Served
from tests.web.visitor import OPERATOR, signed_in

HOME = "/account/notifications"
SETTINGS = f"{HOME}/settings"


async def told(served: Served, role: str, party: str | None, event: str, number: int, path: str) -> None:
    market = served.exchange.market
    notice = Notice(event, role, party, f"thing {number}", (f"What {number} is.",), path, f"n{number}")
    await market.db.write(add_job, notify(market, notice))
    while await run_jobs(market):
        pass


async def test_the_bell_counts_what_is_new_and_each_line_leads_to_its_record(served: Served) -> None:
    async with signed_in(served) as visitor:
        for number in (1, 2):
            await told(served, "operator", None, "payout", number, "/console/payouts")
        shown = await visitor.open(HOME)
        (newest, _) = (await visitor.open(f"{HOME}.json")).fields["notifications"]
        opened = await visitor.open(f"{HOME}/{newest['id']}", follow=False)
        after = (await visitor.open(f"{HOME}.json")).fields
        read = await visitor.submit(f"{HOME}/read")
        missing = await visitor.open(f"{HOME}/ntc_{'0' * 26}")
    async with signed_in(served, "cy@cedar.example", "seller", "cedar") as other:
        theirs = await other.open(f"{HOME}/{newest['id']}")

    assert 'aria-label="Notifications: 2 unread"' in shown.source and "2 unread" in shown.part("unread")
    assert "Thing 2" in shown.text and "What 2 is." in shown.text
    assert (303, "/console/payouts") == (opened.http_status, opened.headers["Location"])
    assert 1 == after["unread"] and "0 unread" in read.part("unread")
    assert (404, 404) == (missing.http_status, theirs.http_status)


@pytest.mark.parametrize(
    ("role", "party", "sees", "not_sees"),
    [
        ("operator", None, "Alert: money at risk", "New lead delivered"),
        ("seller", "cedar", "Posting instructions", "Alert: money at risk"),
        ("buyer", "acme", "New lead delivered", "Payout to approve"),
    ],
)
async def test_each_audience_chooses_its_ways_on_the_same_page(
    served: Served, role: str, party: str | None, sees: str, not_sees: str
) -> None:
    email = OPERATOR if role == "operator" else f"x@{party}.example"
    event = {"operator": "payout", "seller": "campaign", "buyer": "cap.near"}[role]
    async with signed_in(served, email, role, party) as visitor:
        shown = await visitor.open(SETTINGS)
        csrf = shown.token
        daily: dict[str, Any] = {f"{event}:email": "digest"}
        loud: dict[str, Any] = {f"{event}:email": "loudly"}
        saved = await visitor.send(f"{SETTINGS}/ways", csrf=csrf, **daily)
        wrong = await visitor.send(f"{SETTINGS}/ways", csrf=csrf, **loud)
        reach = await visitor.send(f"{SETTINGS}/reach", csrf=csrf, phone="12", zone="UTC")
        quiet = await visitor.send(f"{SETTINGS}/reach", csrf=csrf, phone="", quiet_from="22:00", quiet_until="07:00")
        tested = await visitor.send(f"{SETTINGS}/test", csrf=csrf, channel="sms")
        odd = await visitor.send(f"{SETTINGS}/test", csrf=csrf, channel="pigeon")
        slack = await visitor.send(f"{SETTINGS}/team", csrf=csrf, slack="http://10.0.0.1/x")
        rows = {each["event"]: each for each in (await visitor.open(f"{SETTINGS}.json")).fields["events"]}

    assert sees.lower() in shown.text.lower() and not_sees not in shown.text
    assert "Saved." in saved.part("done") and "digest" == rows[event]["email"]
    assert 422 == wrong.http_status and f"{event}:email is now or digest or off." in wrong.part("problem")
    assert 422 == reach.http_status and "phone is a number such as" in reach.part("problem")
    assert 'value="22:00"' in quiet.source and "Not sent: give your number first." in tested.part("tested")
    assert 422 == odd.http_status == slack.http_status and "slack:" in slack.part("problem")


async def test_what_a_team_shares_is_for_its_admins(served: Served) -> None:
    market = served.exchange.market
    async with signed_in(served, "agent@acme.example", "buyer", "acme") as visitor:
        await market.db.write(make_agent, "agent@acme.example")
        shown = await visitor.open(SETTINGS)
        refused = await visitor.send(f"{SETTINGS}/team", csrf=shown.token, slack="https://hooks.slack.example/x")

    assert "An admin of your team sets its Slack." in shown.text and 403 == refused.http_status


async def make_agent(tx: Tx, email: str) -> None:
    await tx.execute("UPDATE users SET duty = 'agent' WHERE email = :email", email=email)
