"""What the page of a lead says of buyers: their names, and whether anybody must do something."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from exchange.courier.scripted import Delay
from exchange.model.party import SaleMode, State
from exchange.storage.erase import erase_lead
from tests.market import NOW, REFUSED, SOLD, buying, contract, reply, selling
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.test_console_lead import LOST, both, titles
from tests.web.visitor import signed_in


async def test_an_auction_names_the_companies_and_not_their_contracts(served: Served) -> None:
    await served.exchange.add(
        *selling("cedar"), *buying("acme", name="Solar, high bids: all"), *buying("birch", name="Solar, 25.00 at most")
    )
    served.exchange.buyers.bids("birch", "22.00")
    lead = await sell(served, 1)
    async with signed_in(served) as visitor:
        _, told = await both(visitor, lead["lead_id"])

    auctions = [(line["title"], line["facts"]) for line in told["timeline"] if line["title"].startswith("Auction")]
    assert [title for title, _ in auctions] == ["Auction: Acme wins at $25.00"] * len(auctions) != []
    assert any("Then Birch $22.00" in facts for _, facts in auctions)


async def test_a_receipt_that_is_still_to_come_needs_nobody_and_a_lost_answer_does(served: Served) -> None:
    waiting, lost = "its receipt is still to come", "gave no clear answer"
    served.exchange.buyers.answers_posts("acme", reply(status="queued"), LOST)
    pending, unclear = await sell(served, 1), await sell(served, 2)
    async with signed_in(served) as visitor:
        first, _ = await both(visitor, pending["lead_id"])
        second, _ = await both(visitor, unclear["lead_id"])

    assert (True, False) == (waiting in first.text, lost in first.text)
    assert (False, True) == (waiting in second.text, lost in second.text)
    assert "Nothing need be done" in first.text and "until you say what it was" in second.text


async def test_what_was_booked_stands_where_it_was_booked(served: Served) -> None:
    """The first sale of a shared lead is booked long before its last buyer answers."""
    await served.exchange.add(*selling("cedar", slots=2))
    for name in ("acme", "birch", "cobalt"):
        await served.exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
    served.exchange.buyers.answers_posts("birch", Delay(50, REFUSED))
    served.exchange.buyers.answers_posts("cobalt", Delay(200, SOLD))
    heard = await sell(served, 1)
    async with signed_in(served) as visitor:
        _, told = await both(visitor, heard["lead_id"])
        offsets = [line["offset_ms"] for line in told["timeline"] if line["offset_ms"] is not None]

        assert 2 == heard["times_sold"] == titles(told).count("Money booked")
        assert all(after >= before - 1 for before, after in pairwise(offsets))


async def test_a_lead_is_held_against_the_contracts_of_now_and_what_was_recorded_stays(served: Served) -> None:
    paused: dict[str, Any] = {"state": State.PAUSED, "paused_reason": "moving"}
    await served.exchange.add(*buying("birch", **paused), *buying("cobalt"), *buying("delta"))
    lead_id = (await sell(served, 1))["lead_id"]
    async with signed_in(served) as visitor:
        unchanged = (await visitor.open(f"/console/leads/{lead_id}.json?compare=now")).fields["now"]
        await served.exchange.add(contract("birch"), contract("cobalt", **paused))
        page, told = await both(visitor, lead_id)
        asked = await visitor.open(f"/console/leads/{lead_id}?compare=now")
        now = (await visitor.open(f"/console/leads/{lead_id}.json?compare=now")).fields

        assert ([], True) == (unchanged["changed"], unchanged["readable"]) and "now" not in told
        assert told["contracts"] == now["contracts"]
        assert 'Paused: "moving".' in {each["contract"]: each["sentences"] for each in told["contracts"]}["birch-solar"]
        assert [
            {"contract": "birch-solar", "eligible_now": True, "changes": ['No longer: Paused: "moving".']},
            {"contract": "cobalt-solar", "eligible_now": False, "changes": ['Paused: "moving".']},
        ] == sorted(now["now"]["changed"], key=lambda each: str(each["contract"]))
        assert "Compare with now" in page.text and "Would be asked" in asked.part("now")
        await served.exchange.market.db.write(erase_lead, lead_id, ("ev_1", "2026-11", NOW, "Erased."))
        assert "cannot be judged again" in (await visitor.open(f"/console/leads/{lead_id}?compare=now")).part("now")
