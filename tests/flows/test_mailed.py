"""A lead sold over something else than HTTP: the same moves, the same meaning, and a record that reads as mail."""

from __future__ import annotations

from exchange.model.wire import Loss, Lost, Reply
from tests.flows.lab import attempts, post, told_about
from tests.mail_buyer import mailed_to
from tests.market import SOLD, Exchange, buying, selling, usd

QUEUED = Reply(250, {}, b"queued as 4F")


async def mail_buyer_first(exchange: Exchange) -> None:
    """Birch pays more, and is written to."""
    await exchange.add(*buying("birch", price=usd("30")), *buying("acme", price=usd("20")), *selling("cedar"))
    mailed_to(exchange.market, "birch")


async def test_a_lead_is_sold_by_mail(either: Exchange) -> None:
    await mail_buyer_first(either)
    either.buyers.answers_posts("birch", QUEUED)

    answer = await post(either)
    row = (await attempts(either))[0]

    assert "accepted" == answer["status"]
    assert ("accepted", 30_0000) == (row["state"], row["price_units"])
    assert [f"<{row['reference']}@a.example>"] == [mail.message_id for mail in either.buyers.mailed]


async def test_a_server_that_is_busy_took_nothing_and_the_next_buyer_is_asked(exchange: Exchange) -> None:
    await mail_buyer_first(exchange)
    exchange.buyers.answers_posts("birch", Reply(451, {}, b"later"))
    exchange.buyers.answers_posts("acme", SOLD)

    answer = await post(exchange)

    assert "accepted" == answer["status"]
    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(exchange)


async def test_a_mail_that_may_have_been_taken_is_unclear(exchange: Exchange) -> None:
    await mail_buyer_first(exchange)
    exchange.buyers.answers_posts("birch", Lost(Loss.TIMEOUT, "No answer after the mail was handed over."))

    answer = await post(exchange)

    assert ("queued", "outcome_unclear") == answer.told
    assert ["unclear"] == [row["state"] for row in await attempts(exchange)]
