"""Health: every check of the doctor as words, at once; everything on demand; the same for programs."""

from __future__ import annotations

import re

from exchange.courier.smtp import NO_MAIL_SERVER
from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.jobs import NOTICE, job
from exchange.limits import JOB_DOWN_MS
from exchange.model.health import ABOUT
from exchange.model.rights import Staff
from exchange.storage.jobs import Terms, add_job, lease_jobs
from exchange.storage.queues import rest_queue
from tests.web.served import Served
from tests.web.test_rights import visiting
from tests.web.visitor import signed_in

HEALTH = "/console/health"


async def test_every_check_says_how_it_is_what_it_means_and_what_to_do(served: Served) -> None:
    async with signed_in(served) as visitor:
        page, told = await visitor.open(HEALTH), (await visitor.open(f"{HEALTH}.json")).fields
        checks = {each["check"]: each for each in told["checks"]}

    assert list(ABOUT) == [each["check"] for each in told["checks"]]
    assert set(ABOUT) == set(re.findall(r'data-check="([^"]+)"', page.source))
    for name, about in ABOUT.items():
        assert about.title in page.text and about.means in page.text, name
        assert checks[name]["word"] == "good" or checks[name]["fix"], name
    assert ("watch", "exchange backup --to …") == (checks["backup"]["word"], checks["backup"]["fix"])
    assert "To do: exchange backup --to …" in page.text and told["ok"]


async def test_a_buyer_that_is_left_alone_and_unsound_books_stand_first(served: Served) -> None:
    market = served.exchange.market
    market.live.broken = {"acme": "Five losses in a row."}
    async with signed_in(served) as visitor:
        page = await visitor.open(HEALTH)
        told = (await visitor.open(f"{HEALTH}.json")).fields

    assert "Left alone for now: Acme" in page.text
    outbound = next(each for each in told["checks"] if each["check"] == "outbound")
    assert "watch" == outbound["word"] and told["ok"]


async def test_mail_that_waits_for_a_server_nobody_set_is_told_as_both_checks_see_it(served: Served) -> None:
    market = served.exchange.market
    now, terms = market.clock.now(), Terms(room=5, lease_ms=60_000, most=3)
    for queue in (MAIL_QUEUE, "deliver:acme"):
        await market.db.write(add_job, job(market, queue, NOTICE, {}, now, now))
    for each in await market.db.write(lease_jobs, now, 5, {NOTICE: terms}, terms):
        await market.db.write(
            rest_queue, each, NO_MAIL_SERVER, now, rest_ms=60_000, draw=0.0, made_before=now - JOB_DOWN_MS
        )
    async with signed_in(served) as visitor:
        checks = {each["check"]: each for each in (await visitor.open(f"{HEALTH}.json")).fields["checks"]}

    assert ("watch", "2 mails wait and no mail server is set") == (checks["email"]["word"], checks["email"]["told"])
    assert "watch" == checks["outbox"]["word"] and "2 messages wait" in checks["outbox"]["told"]
    assert "mail_host" in checks["email"]["fix"] and "mail_host" in checks["outbox"]["told"]


async def test_all_is_looked_at_on_demand_by_whoever_may_edit(served: Served) -> None:
    async with signed_in(served) as visitor:
        page = await visitor.submit(f"{HEALTH}/outside")
        assert 200 == page.http_status and "integrity ok" in page.text
        await visiting(served, Staff.ANALYST, visitor)
        refused = await visitor.send(f"{HEALTH}/outside")
        assert (200, 403) == ((await visitor.open(HEALTH)).http_status, refused.http_status)
