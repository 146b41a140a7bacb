"""Sources: a message becomes one lead, whatever comes again, stops, or breaks, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from exchange import limits
from exchange.flows.documents import save_document
from exchange.flows.doors import NotPolled
from exchange.flows.polls import CannotPoll, pause, plan_polls, poll, poll_now
from exchange.flows.retain import forget
from exchange.flows.shapes import SOURCE, DocumentProblems
from exchange.flows.sources import CannotTake, open_item, store_items, take_anew
from exchange.model.actor import SYSTEM
from exchange.model.source import Item
from exchange.storage.sources import list_items, source_state
from exchange.worker import run_jobs
from tests.flows.arrived import FEED, Shelf, document, item, source_of, states, tomorrow, with_source, worked
from tests.flows.doom import started_again
from tests.flows.lab import OPERATOR, later
from tests.market import Exchange, consumer, selling


async def test_a_poll_makes_a_lead_of_each_message(either: Exchange) -> None:
    shelf = Shelf([item(1), item(2), item(3)])
    exchange = await with_source(either, shelf)

    await worked(exchange)

    assert [("taken", "accepted")] * 3 == await states(exchange)
    requests = await exchange.rows("SELECT channel, key_id, status, seller_id FROM requests")
    assert [
        {"channel": "rss", "key_id": "source:cedar_feed", "status": "accepted", "seller_id": "cedar"}
    ] * 3 == requests
    assert 3 == len(exchange.buyers.posts("acme"))
    assert ["n1", "n2", "n3"] == shelf.moved


async def test_the_cursor_goes_on_from_where_it_was(either: Exchange) -> None:
    shelf = Shelf([item(1), item(2), item(3)])
    exchange = await with_source(either, shelf)
    await worked(exchange)
    shelf.items.append(item(4))
    later(exchange, 61)

    await worked(exchange)

    assert ["", "3"] == shelf.cursors
    state = await exchange.market.db.read(source_state, FEED)
    assert ("4", 1, 4, 0) == (state.cursor, state.last_items, state.items, state.failures)


async def test_the_same_message_days_later_is_no_second_lead(either: Exchange) -> None:
    shelf = Shelf([item(1)])
    exchange = await with_source(either, shelf)
    await worked(exchange)
    tomorrow(exchange, 45)  # longer than keys of requests are kept, and than duplicates are looked for
    shelf.items = [item(1), item(2), item(1)]

    await worked(exchange)

    assert 0 == await store_items(exchange.market, source_of(exchange), shelf.items)
    assert 2 == await exchange.count("leads") == len(exchange.buyers.posts("acme"))


async def test_a_message_without_a_name_goes_by_its_bytes(exchange: Exchange) -> None:
    exchange = await with_source(exchange, Shelf())
    source = source_of(exchange)

    assert 1 == await store_items(exchange.market, source, [item(1, "")])
    assert 0 == await store_items(exchange.market, source, [item(1, "")])
    assert 1 == await store_items(exchange.market, source, [item(2, "")])


async def test_two_nodes_that_keep_the_same_messages_make_one_lead_of_each(either: Exchange) -> None:
    shelf = Shelf([item(number) for number in range(1, 9)], part=3)
    exchange = await with_source(either, shelf)
    other = await started_again(exchange)

    payload = {"source": FEED}
    await asyncio.gather(*(poll(each.market, payload) for each in (exchange, other, exchange, other)))
    await asyncio.gather(worked(exchange), worked(other))
    await worked(exchange)

    assert [("taken", "accepted")] * 8 == await states(exchange)
    assert 8 == await exchange.count("leads") == len(exchange.buyers.posts("acme"))


async def test_a_poll_is_queued_once_on_any_number_of_nodes(either: Exchange) -> None:
    exchange = await with_source(either, Shelf())
    other = await started_again(exchange)

    begun = await asyncio.gather(*(plan_polls(each.market) for each in (exchange, other, exchange)))

    assert 1 == sum(begun)
    assert 1 == len(await exchange.rows("SELECT id FROM jobs WHERE kind = 'poll'"))


async def test_a_source_that_is_down_rests_and_is_told(either: Exchange) -> None:
    shelf = Shelf([item(1)], down=NotPolled("The server refused the connection."))
    exchange = await with_source(either, shelf)
    await worked(exchange)

    state = await exchange.market.db.read(source_state, FEED)
    assert (1, "The server refused the connection.") == (state.failures, state.last_error)
    shelf.down = None
    later(exchange, 40)
    await worked(exchange)
    again = await exchange.market.db.read(source_state, FEED)
    assert (0, None, 1) == (again.failures, again.last_error, again.items)


async def test_an_operator_polls_at_once_also_while_the_queue_rests(exchange: Exchange) -> None:
    shelf = Shelf([item(1)], down=NotPolled("Nobody is there.", 3_000_000))
    exchange = await with_source(exchange, shelf)
    await worked(exchange)
    shelf.down = None

    await poll_now(exchange.market, FEED, OPERATOR)
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)
    assert [{"n": 1}] == await exchange.rows("SELECT COUNT(*) AS n FROM audit_lines WHERE action = 'source.polled'")


async def test_a_paused_source_is_not_polled_until_it_goes_on(either: Exchange) -> None:
    shelf = Shelf([item(1)])
    exchange = await with_source(either, shelf)
    assert await pause(exchange.market, FEED, True, OPERATOR)
    await worked(exchange)
    with pytest.raises(CannotPoll):
        await poll_now(exchange.market, FEED, OPERATOR)
    assert [] == shelf.cursors

    await pause(exchange.market, FEED, False, OPERATOR)
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)
    assert not await pause(exchange.market, "nobody", True, OPERATOR)


async def test_names_of_theirs_are_taken_literally(exchange: Exchange) -> None:
    exchange = await with_source(
        exchange,
        Shelf(),
        columns={"1.3": "phone", "Your e-mail": "email", "internal": ""},
        constants={"sub_id1": "gravity"},
    )
    fields = {**consumer(1), "1.3": consumer(1)["phone"], "Your e-mail": consumer(1)["email"], "internal": "x"}
    del fields["phone"], fields["email"]

    await store_items(exchange.market, source_of(exchange), [item(1, fields=fields)])
    await worked(exchange)

    sent = exchange.buyers.posts("acme")[0]
    assert consumer(1)["phone"] in sent["phone"]
    assert [{"sub_id1": "gravity"}] == await exchange.rows("SELECT sub_id1 FROM leads")


async def test_two_names_with_different_values_for_one_field_are_refused(exchange: Exchange) -> None:
    exchange = await with_source(exchange, Shelf(), columns={"mobile": "phone"})
    await store_items(exchange.market, source_of(exchange), [item(1, fields={**consumer(1), "mobile": "6029580199"})])
    await worked(exchange)

    assert [("failed", "invalid")] == await states(exchange)
    row = (await exchange.market.db.read(list_items, OPERATOR, FEED, 10, failed=True))[0]
    kept = open_item(exchange.market, row)
    assert (
        kept is not None and ("phone came twice with different values, as phone and as mobile",) == kept.item.problems
    )


async def test_of_several_columns_for_one_field_the_first_that_was_filled_in_counts(exchange: Exchange) -> None:
    """A platform asks for a private email and one at work: a lead that gives both is no mistake."""
    exchange = await with_source(exchange, Shelf(), columns={"EMAIL": "email", "WORK_EMAIL": "email"})
    own, work = consumer(1), consumer(2)
    both = {**own, "EMAIL": own["email"], "WORK_EMAIL": "maria@work.example"}
    one = {**work, "EMAIL": "", "WORK_EMAIL": work["email"]}
    for fields in (both, one):
        del fields["email"]
    await store_items(exchange.market, source_of(exchange), [item(1, fields=both), item(2, fields=one)])
    await worked(exchange)

    assert [("taken", "accepted")] * 2 == await states(exchange)
    assert [own["email"], work["email"]] == sorted(post["email"] for post in exchange.buyers.posts("acme"))


async def test_what_cannot_be_read_has_its_request_and_is_kept_sealed(either: Exchange) -> None:
    exchange = await with_source(either, Shelf())
    broken = Item("x1", "email", None, b"Name Maria Sandoval", "text/plain", 1, ("No field was found in it.",))

    await store_items(exchange.market, source_of(exchange), [broken])
    await worked(exchange)

    assert [("failed", "invalid")] == await states(exchange)
    assert [{"status": "invalid", "status_code": 400, "channel": "email"}] == await exchange.rows(
        "SELECT status, status_code, channel FROM requests"
    )
    assert 0 == await exchange.count("leads")
    stored = await exchange.rows("SELECT sealed FROM source_items")
    assert b"Maria" not in bytes(stored[0]["sealed"])


async def test_a_message_is_taken_anew_as_its_source_reads_it_now(either: Exchange) -> None:
    exchange = await with_source(either, Shelf(), columns={"Ruf": "phone"})
    fields = [consumer(1), {**consumer(2), "phone": "12"}]
    broken = item(1, fields=None, original=in_pairs(fields[0]), problems=("Nothing was found.",))
    wrong = item(2, fields=fields[1], original=in_pairs({**fields[1], "phone": "6029580002"}))
    good = item(3)
    await store_items(exchange.market, source_of(exchange), [broken, wrong, good])
    await worked(exchange)
    assert [("failed", "invalid"), ("taken", "accepted"), ("taken", "invalid")] == sorted(await states(exchange))

    for row in await exchange.market.db.read(list_items, OPERATOR, FEED, 10, failed=True):
        await take_anew(exchange.market, row["id"], OPERATOR)
        with pytest.raises(CannotTake):
            await take_anew(exchange.market, row["id"], OPERATOR)
    await worked(exchange)

    assert [("taken", "accepted")] * 3 == await states(exchange)
    assert 3 == len(exchange.buyers.posts("acme"))
    sold = await exchange.rows("SELECT id FROM source_items WHERE status = 'accepted'")
    with pytest.raises(CannotTake):
        await take_anew(exchange.market, sold[0]["id"], OPERATOR)


def in_pairs(fields: dict[str, str]) -> bytes:
    """As a feed keeps an entry."""
    return orjson.dumps(list(fields.items()))


async def test_a_message_that_is_too_large_is_refused_and_kept_as_far_as_it_goes(exchange: Exchange) -> None:
    exchange = await with_source(exchange, Shelf())
    large = item(1, original=b"x" * (limits.ITEM_BYTES + 1))
    await store_items(exchange.market, source_of(exchange), [large])
    await worked(exchange)

    assert [("failed", "invalid")] == await states(exchange)
    row = (await exchange.market.db.read(list_items, OPERATOR, FEED, 10, failed=True))[0]
    kept = open_item(exchange.market, row)
    assert kept is not None and limits.ITEM_BYTES == len(kept.item.original)
    assert 0 == await store_items(exchange.market, source_of(exchange), [large])


async def test_a_sender_cannot_say_more_than_a_lead(exchange: Exchange) -> None:
    """Fields that name the exchange's own facts are a lead's fields at most, never those facts."""
    exchange = await with_source(exchange, Shelf())
    forged = {"status": "sold", "buyer_id": "zed", "payout": "9999", "seller_id": "zed", "mode": "test"}
    await store_items(exchange.market, source_of(exchange), [item(1, fields={**consumer(1), **forged})])
    await worked(exchange)

    lead = (await exchange.rows("SELECT seller_id, mode, state, revenue_units FROM leads"))[0]
    assert ("cedar", "live", "sold") == (lead["seller_id"], lead["mode"], lead["state"])
    assert lead["revenue_units"] < 100 * 10_000_000


async def test_a_source_in_test_mode_makes_test_leads(exchange: Exchange) -> None:
    exchange = await with_source(exchange, Shelf(), mode="test")
    await store_items(exchange.market, source_of(exchange), [item(1)])
    await worked(exchange)

    assert [{"mode": "test"}] == await exchange.rows("SELECT mode FROM leads")
    assert [] == exchange.buyers.posts("acme")


async def test_messages_are_blanked_on_time_and_still_known(either: Exchange) -> None:
    exchange = await with_source(either, Shelf())
    first = item(1, at=exchange.market.clock.now())
    await store_items(exchange.market, source_of(exchange), [first])
    await worked(exchange)
    tomorrow(exchange, 200)

    await forget(exchange.market)

    row = (await exchange.rows("SELECT id, sealed FROM source_items"))[0]
    assert row["sealed"] is None
    assert [] == await exchange.rows("SELECT 1 FROM data_keys WHERE subject = :id", id=row["id"])
    assert 0 == await store_items(exchange.market, source_of(exchange), [first])


async def test_messages_of_a_source_that_is_gone_are_told_and_lost_nowhere(exchange: Exchange) -> None:
    exchange = await with_source(exchange, Shelf())
    await exchange.add(*selling("birch"))
    source = source_of(exchange)
    await store_items(exchange.market, source, [item(1)])
    bare = replace(exchange.market.deals.shapes, sources={})
    exchange.market.live.deals = replace(exchange.market.deals, shapes=bare)

    await run_jobs(exchange.market)

    assert [("failed", "error")] == await states(exchange)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "pigeon"}, "kind: 'pigeon' is not one of"),
        ({"colour": "red"}, "colour: is not a known key"),
        ({"campaign": "nobody"}, "campaign: there is no campaign nobody"),
        ({"every": "1s"}, "every: a source is polled every 10 s at most"),
        ({"every": "often"}, "every: write a number and s, m, h or d"),
        ({"url": "http://10.0.0.1/feed"}, "url: The address 10.0.0.1"),
        ({"columns": {1.3: "phone"}}, "columns: write the name 1.3 in quotes"),
        ({"source": "other"}, "source: is 'other', but the document's name is"),
    ],
)
async def test_a_document_that_cannot_be_used_is_refused_whole(
    exchange: Exchange, change: dict[str, Any], said: str
) -> None:
    await exchange.add(*selling("cedar"))
    with pytest.raises(DocumentProblems) as refused:
        await save_document(exchange.market, SOURCE, FEED, {**document(), **change}, SYSTEM)

    assert said in "\n".join(refused.value.problems)
    assert {} == exchange.market.sources
