"""Answers no rule knows: never a sale, and counted for the contract, so that somebody can add the rule."""

from __future__ import annotations

from exchange.stages.shape import shape_of
from exchange.storage.unmapped import unmapped_answers
from tests.flows.lab import OPERATOR, later, person, post
from tests.market import REFUSED, Exchange, buying, reply, selling


async def test_unmapped_answers_are_counted_by_what_they_say_and_not_by_their_ids(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    said = [reply(status="held", id="b1"), reply(status="held", id="b77"), reply(status="matched maybe", id="b3")]
    for number, answer in enumerate(said):
        either.buyers.answers_posts("acme", answer)
        last = await post(either, person(number))
        later(either, 60)

    [row] = await either.market.db.read(unmapped_answers, OPERATOR)
    assert ("acme-solar", "post", 3, 2) == (row["contract_id"], row["stage"], row["answers"], row["shapes"])
    assert last["lead_id"] == row["lead_id"]


async def test_what_a_buyer_repeats_of_a_consumer_is_hashed_with_a_key(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    said = reply(thanks="Maria Sandoval")
    exchange.buyers.answers_posts("acme", said)
    await post(exchange)

    [row] = await exchange.rows("SELECT shape FROM unmapped")
    assert exchange.market.vault.index("shape", shape_of(said)) == bytes(row["shape"])
    assert '200 {"thanks":"maria sandoval"}' == shape_of(said)


async def test_an_answer_that_was_understood_leaves_no_line(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_posts("acme", REFUSED)
    await post(exchange)

    assert [] == await exchange.market.db.read(unmapped_answers, OPERATOR)
