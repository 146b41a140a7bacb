"""The page of lead quality: what was foretold beside what came, and what the score looks at."""

from __future__ import annotations

from exchange.worker import learn
from tests.flows.test_scoring import history
from tests.market import buying, selling, usd
from tests.web.served import Served
from tests.web.visitor import signed_in, stranger

HOME = "/console/quality"


async def test_before_any_lead_is_old_enough_the_page_says_so(served: Served) -> None:
    async with signed_in(served) as operator:
        page = await operator.open(f"{HOME}?vertical=solar")
        missing = await operator.open(f"{HOME}?vertical=boats")
    assert "No sold lead has reached ten days of age yet" in page.text
    assert "Too few leads" in page.text or "read again after a start" in page.text
    assert missing.http_status == 404 and "There is no such vertical" in missing.text


async def test_what_was_foretold_stands_beside_what_came(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*selling("cedar"), *buying("acme", "1000000", price=usd("20")))
    await history(exchange, days=30, a_day=16)
    await learn(exchange.market)
    verdict = exchange.market.live.scorer.verdict("solar")
    async with signed_in(served) as operator:
        page = await operator.open(HOME)
        told = await operator.open(f"{HOME}.json")
    assert "The model is used." in page.text
    assert told.fields["judged_leads"] == verdict.leads == sum(band["leads"] for band in told.fields["bands"])
    assert told.fields["reported"] == verdict.reported == sum(week["reported"] for week in told.fields["weeks"])
    assert told.fields["log_loss"] < told.fields["log_loss_of_base_rate"]
    assert "monthly_bill" in told.fields["features"] and "language" in told.fields["left_out"]
    assert told.fields["sellers"][0]["leads"] == 480


async def test_only_people_of_the_exchange_see_it(served: Served) -> None:
    async with stranger(served) as visitor:
        assert "Sign in" in (await visitor.open(HOME)).text
