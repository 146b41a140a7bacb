"""An unclear post is settled by the buyer's own word, where it can be asked or posted to again."""

from __future__ import annotations

from exchange.model.wire import HttpMessage
from exchange.worker import run_jobs
from tests.flows.lab import HUNG_UP, attempts, later, post, spent
from tests.market import REFUSED, SOLD, Exchange, buying, reply, selling
from tests.scripted_buyers import Answer


async def unclear(exchange: Exchange, buyer: str, *answers: Answer) -> str:
    """A lead that `buyer` took without saying so; the answers are for what it hears after that."""
    await exchange.add(*buying(buyer), *selling("cedar"))
    exchange.buyers.answers_posts(buyer, HUNG_UP, *answers)
    answer = await post(exchange)
    assert ("queued", "outcome_unclear") == answer.told
    return str(answer["lead_id"])


async def run_later(exchange: Exchange) -> None:
    later(exchange, 6)
    await run_jobs(exchange.market)


def sent_to(exchange: Exchange, path: str) -> list[HttpMessage]:
    return [message for message in exchange.buyers.sent if message.url.endswith(path)]


async def test_a_buyer_that_makes_one_lead_of_two_posts_is_posted_to_again_with_the_same_reference(
    exchange: Exchange,
) -> None:
    await unclear(exchange, "garnet", SOLD)

    await run_later(exchange)

    first, second = sent_to(exchange, "/post")
    assert first.body == second.body
    assert ["accepted"] == [row["state"] for row in await attempts(exchange)]
    assert "25.00" == await spent(exchange, "garnet")


async def test_duplicate_on_a_repeated_post_settles_nothing(exchange: Exchange) -> None:
    await unclear(exchange, "garnet", reply(http_status=422, status="who knows"))

    await run_later(exchange)

    assert ["unclear"] == [row["state"] for row in await attempts(exchange)]
    assert "0.00" == await spent(exchange, "garnet")


async def test_a_buyer_with_a_status_page_is_asked_and_its_no_gives_everything_back(exchange: Exchange) -> None:
    await unclear(exchange, "hazel", REFUSED)

    await run_later(exchange)

    assert (1, 1) == (len(sent_to(exchange, "/post")), len(sent_to(exchange, "/ask")))
    assert ["rejected"] == [row["state"] for row in await attempts(exchange)]
    assert "unsold" == (await exchange.rows("SELECT state FROM leads"))[0]["state"]


async def test_a_buyer_that_can_neither_be_asked_nor_posted_to_again_is_left_alone(exchange: Exchange) -> None:
    await unclear(exchange, "acme", SOLD)

    await run_later(exchange)

    assert 1 == len(sent_to(exchange, "/post"))
    assert ["unclear"] == [row["state"] for row in await attempts(exchange)]


async def test_what_was_said_is_kept_with_the_lead(exchange: Exchange) -> None:
    lead_id = await unclear(exchange, "hazel", SOLD)

    await run_later(exchange)

    kept = await exchange.rows("SELECT lead_id FROM wires WHERE lead_id = :lead", lead=lead_id)
    assert 2 == len(kept)
