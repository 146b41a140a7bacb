"""Events that are of no request: imports that end, leads of the store that are held, instructions that change."""

from __future__ import annotations

from exchange.flows.documents import save_document
from exchange.flows.import_desk import cancel, pause
from exchange.flows.import_desk import start as start_import
from exchange.flows.shapes import VERTICAL
from exchange.flows.specs import keep_specs, page_url
from exchange.flows.store import claim
from exchange.model.actor import SYSTEM, Actor, Role
from tests.flows.import_bench import bring, csv_of, people, seen, sold, worked
from tests.flows.lab import OPERATOR
from tests.flows.receivers import ACME, CEDAR, arrived, events, hook, listen, run_all
from tests.flows.test_specs import document
from tests.flows.test_store import unsold
from tests.market import Exchange, buying, selling, usd

BIRCH = Actor(Role.SELLER, "x@birch.example", "birch")


async def test_the_end_of_an_import_is_told_once_to_its_seller(either: Exchange) -> None:
    await either.add(*selling("cedar"), *selling("birch"), *buying("acme", "100000", price=usd("20")))
    await listen(either, hook("ember"), CEDAR, "import.*")
    await listen(either, hook("delta"), BIRCH, "*")
    done = await sold(either, await bring(either, csv_of([*people(2), people(1)[0]])))
    await run_all(either)

    (told,) = events(either, hook("ember"))
    assert ("import.finished", done.id, "done") == (told["type"], told["object"], told["data"]["status"])
    assert (3, {"accepted": 2, "duplicate": 1}, "32.00") == (
        told["data"]["rows"],
        told["data"]["counts"],
        told["data"]["payout"],
    )
    assert [] == arrived(either, hook("delta"))


async def test_an_import_that_is_cancelled_is_over_only_if_it_had_begun(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "100000", price=usd("20")))
    await listen(either, hook("ember"), CEDAR, "import.finished")
    untouched, begun = await bring(either, csv_of(people(2))), await bring(either, csv_of(people(3)))
    await cancel(either.market, untouched, OPERATOR)
    await start_import(either.market, begun, OPERATOR)
    await pause(either.market, await seen(either, begun), OPERATOR)
    await worked(either, begun)
    await cancel(either.market, await seen(either, begun), OPERATOR)
    await run_all(either)

    assert [(begun.id, "cancelled")] == [
        (told["object"], told["data"]["status"]) for told in events(either, hook("ember"))
    ]


async def test_a_lead_that_is_held_in_the_store_is_told_to_who_holds_it(either: Exchange) -> None:
    lead_id = (await unsold(either, "acme", "bravo"))[0]
    await listen(either, hook("ember"), ACME, "lead.claimed")
    await listen(either, hook("delta"), Actor(Role.BUYER, "x@bravo.example", "bravo"), "*")
    held = await claim(either.market, lead_id, ACME)
    assert held == await claim(either.market, lead_id, ACME)
    await run_all(either)

    (told,) = events(either, hook("ember"))
    assert (lead_id, held.id, "20.00") == (told["object"], told["data"]["claim_id"], told["data"]["price"])
    assert [] == arrived(either, hook("delta"))


async def test_instructions_that_change_are_told_and_the_first_are_no_change(either: Exchange) -> None:
    market = either.market
    await either.add(*selling("cedar"))
    await listen(either, hook("ember"), CEDAR, "campaign.changed")
    await keep_specs(market)
    await save_document(market, VERTICAL, "solar", document("none", "full"), SYSTEM)
    await keep_specs(market)
    await keep_specs(market)
    await run_all(either)

    (told,) = events(either, hook("ember"))
    assert ("cedar-solar", page_url(market, "cedar-solar")) == (told["object"], told["data"]["posting_instructions"])
