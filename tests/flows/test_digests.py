"""Saved searches by mail: one digest an hour, what is still to be had, nothing personal, and a way out."""

from __future__ import annotations

from exchange.flows.agent_terms import Wanted
from exchange.flows.digests import plan_digests
from exchange.flows.follow_desk import invite_agent
from exchange.flows.searches import keep_search
from exchange.flows.shelf import list_unsold
from exchange.flows.sign_in import create_user
from exchange.model.wire import EmailMessage, Reply
from exchange.worker import run_jobs
from tests.flows.lab import later, post
from tests.flows.test_store import PERSONAL, RULE, bought, person
from tests.market import Exchange, buying, consumer, selling

TAKEN = Reply(250, {}, b"queued")


async def ready(exchange: Exchange, *people: str, **searches: str) -> None:
    """A store, one buyer with these people, and searches by name and how often they are mailed."""
    await exchange.add(*selling("cedar", store=RULE), *buying("acme", connection="store"))
    for email in people:
        assert await create_user(exchange.market, email, "buyer", "acme")
        exchange.buyers.answers_posts(email.partition("@")[2].partition(".")[0], TAKEN)
    for name, mail in searches.items():
        await keep_search(exchange.market, name, {"states": ["AZ"]}, person("acme"), mail)


async def listed(exchange: Exchange, number: int) -> None:
    await post(exchange, consumer(number))
    assert 1 == await list_unsold(exchange.market)


async def mailed(exchange: Exchange) -> list[EmailMessage]:
    """What goes out now, and only now."""
    before = len(exchange.buyers.mailed)
    await plan_digests(exchange.market)
    while await run_jobs(exchange.market):
        pass
    return exchange.buyers.mailed[before:]


async def test_what_searches_found_comes_in_one_mail_to_each_person(either: Exchange) -> None:
    await ready(either, "al@acme.example", "bo@acme.example", Arizona="hourly", Desert="hourly")
    for number in (1, 2):
        await listed(either, number)

    first, second = await mailed(either)

    assert {("al@acme.example",), ("bo@acme.example",)} == {first.to, second.to}
    assert "Arizona: 2 new" in first.text and "Desert: 2 new" in first.text
    assert "Solar, AZ 850xx" in first.text and "20.00 USD" in first.text and "/buyer/store?states=AZ" in first.text
    assert not [word for word in PERSONAL if word in first.text + first.subject]
    assert [] == await mailed(either)


async def test_the_next_mail_waits_for_its_hour_and_tells_only_what_is_new(either: Exchange) -> None:
    await ready(either, "al@acme.example", Arizona="hourly")
    await listed(either, 1)
    assert 1 == len(await mailed(either))
    for number in (2, 3):
        later(either, 600)
        await listed(either, number)
        assert [] == await mailed(either)
    later(either, 3_000)

    (mail,) = await mailed(either)

    assert "Arizona: 2 new" in mail.text


async def test_daily_and_never_are_kept(exchange: Exchange) -> None:
    await ready(exchange, "al@acme.example", Daily="daily", Never="never")
    await listed(exchange, 1)
    assert "Daily: 1 new" in (await mailed(exchange))[0].text
    later(exchange, 7_200)
    await listed(exchange, 2)
    assert [] == await mailed(exchange)
    later(exchange, 86_400)

    (mail,) = await mailed(exchange)

    assert "Daily: 1 new" in mail.text and "Never" not in mail.text


async def test_what_was_sold_meanwhile_is_not_told(exchange: Exchange) -> None:
    await ready(exchange, "al@acme.example", Arizona="hourly")
    await listed(exchange, 1)
    lead = (await exchange.rows("SELECT lead_id FROM store_items"))[0]["lead_id"]
    await bought(exchange, "acme", lead)

    assert [] == await mailed(exchange)


async def test_two_nodes_mail_it_once(either: Exchange) -> None:
    await ready(either, "al@acme.example", Arizona="hourly")
    await listed(either, 1)

    assert [1, 0] == [await plan_digests(either.market) for _ in range(2)]


async def test_agents_and_finance_hear_nothing_of_the_store(either: Exchange) -> None:
    await ready(either, "al@acme.example", Arizona="hourly")
    for duty in ("agent", "finance"):
        await invite_agent(either.market, f"{duty}@acme.example", duty, Wanted(), person("acme"))
    await listed(either, 1)

    of_the_store = [mail.to for mail in await mailed(either) if "store" in mail.subject or "Arizona" in mail.text]
    assert [("al@acme.example",)] == of_the_store
