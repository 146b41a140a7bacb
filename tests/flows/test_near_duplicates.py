"""A person who comes again under a nearly equal name, number or address; and who only looks like one who did."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exchange.flows.retain import forget
from exchange.model.lead import Mode
from exchange.model.party import Disclosure
from tests.flows.lab import Heard, attempts, later, lead_of, ping, post, post_on
from tests.market import PING, Exchange, buying, selling, usd

DAY = 86_400
REBECCA = {
    **PING,
    "first_name": "Rebecca",
    "last_name": "Ruiz",
    "email": "rebecca.ruiz25@consumer.example",
    "phone": "6029587946",
    "address": "4100 Cedar Rd",
    "tcpa_consent": "yes",
}
BECKY = REBECCA | {"first_name": "Becky", "last_name": "Riuz", "phone": "6029587964", "email": "br@mail.example"}
CARLOS = REBECCA | {"first_name": "Carlos", "email": "carlos@mail.example"}
STRANGER = REBECCA | {
    "first_name": "Dmitri", "last_name": "Vance", "email": "dv@mail.example", "address": "7 Elm St", "zip": "85004",
}  # fmt: skip


async def opened(exchange: Exchange, **changes: Any) -> Exchange:
    await exchange.add(*buying("acme", price=usd("20")), *selling("cedar", **changes), *selling("birch", **changes))
    return exchange


async def findings(exchange: Exchange, answer: Heard) -> dict[str, Any]:
    rows = await exchange.rows("SELECT * FROM sightings WHERE lead_id = :id", id=answer["lead_id"])
    return rows[0]


async def test_a_nearly_equal_person_is_a_duplicate(either: Exchange) -> None:
    await opened(either)
    first = await post(either, REBECCA)
    later(either, 3 * 3_600)
    again, elsewhere = await post(either, BECKY), await post(either, BECKY, seller="birch")

    assert ("duplicate", "duplicate_seller") == again.told
    assert ("duplicate", "duplicate_exchange") == elsewhere.told
    told = (
        "3 h before: same phone but for one digit, street address, short form of the first name "
        "and last name but for a slip"
    )
    assert [f"The same person as a lead you sent {told}"] == again["details"]
    assert [f"The same person as a lead {told}"] == elsewhere["details"]
    for answer in (again, elsewhere):
        lead = await lead_of(either, answer)
        assert (first["lead_id"], "duplicate") == (lead["duplicate_of"], lead["state"])
    assert 1 == len(await attempts(either))


async def test_how_much_a_seller_hears_is_as_disclosed(exchange: Exchange) -> None:
    await opened(exchange, disclosure=Disclosure.CODE)
    await post(exchange, REBECCA)
    again = await post(exchange, BECKY)

    assert ("duplicate", "duplicate_seller") == again.told
    assert again["details"] is None


async def test_a_household_shares_its_number_and_sells_twice(either: Exchange) -> None:
    await opened(either)
    first, spouse = await post(either, REBECCA), await post(either, CARLOS)
    again = await post(either, CARLOS | {"email": "carlos+2@mail.example"})

    assert ["accepted", "accepted"] == [first["status"], spouse["status"]]
    assert ("duplicate", "duplicate_seller") == again.told
    assert spouse["lead_id"] == (await lead_of(either, again))["duplicate_of"]


async def test_a_number_that_went_to_somebody_else_keeps_no_lead(exchange: Exchange) -> None:
    await opened(exchange)
    await post(exchange, REBECCA)
    taken = await post(exchange, STRANGER)

    assert "accepted" == taken["status"]
    assert (await lead_of(exchange, taken))["duplicate_of"] is None


async def test_by_contact_a_number_is_enough(exchange: Exchange) -> None:
    await opened(exchange, duplicate_by="contact")
    first, again = await post(exchange, REBECCA), await post(exchange, STRANGER)

    assert ("duplicate", "duplicate_seller") == again.told
    assert first["lead_id"] == (await lead_of(exchange, again))["duplicate_of"]


@pytest.mark.parametrize(("days", "status"), [(0, "unsold"), (2, "duplicate")])
async def test_what_nobody_bought_may_come_again_unless_its_window_says_otherwise(
    either: Exchange, days: int, status: str
) -> None:
    await either.add(*selling("cedar", duplicate_unsold_days=days))
    first = await post(either, REBECCA)
    near, same = await post(either, BECKY), await post(either, REBECCA)

    assert ["unsold", status, status] == [first["status"], near["status"], same["status"]]
    later(either, 2 * DAY + 1)
    assert ["unsold", "unsold" if days else status] == [
        (await post(either, BECKY))["status"], (await post(either, REBECCA))["status"] if not days else "unsold",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "status"), [("seller", "accepted"), ("campaign", "accepted"), ("vertical", "duplicate")]
)
async def test_among_whose_leads(exchange: Exchange, scope: str, status: str) -> None:
    await opened(exchange, duplicate_scope=scope)
    await post(exchange, REBECCA)

    assert status == (await post(exchange, BECKY, seller="birch"))["status"]
    assert "duplicate" == (await post(exchange, BECKY))["status"]


async def test_a_buyer_is_not_asked_about_a_person_it_bought_under_another_number(either: Exchange) -> None:
    scope = {"duplicate_scope": "seller"}
    await either.add(*buying("acme", price=usd("20"), duplicate_days=30), *buying("birch", price=usd("10")))
    await either.add(*selling("cedar", **scope), *selling("birch", **scope))
    await post(either, REBECCA)
    later(either, 60)
    again = await post(either, BECKY, seller="birch")

    assert "accepted" == again["status"]
    assert ["acme", "birch"] == [row["buyer_id"] for row in await attempts(either)]


async def test_test_leads_are_compared_with_test_leads(exchange: Exchange) -> None:
    await opened(exchange)
    await post(exchange, REBECCA)

    assert "duplicate" != (await post(exchange, BECKY, mode=Mode.TEST))["status"]


async def test_an_invalid_lead_is_told_whom_it_repeats_and_keeps_nobody(exchange: Exchange) -> None:
    await opened(exchange)
    wrong = await post(exchange, REBECCA | {"zip": "8501"})
    first = await post(exchange, REBECCA)
    again = await post(exchange, REBECCA | {"zip": "8501"})

    assert ["invalid", "accepted", "invalid"] == [wrong["status"], first["status"], again["status"]]
    assert first["lead_id"] == (await lead_of(exchange, again))["duplicate_of"]


async def test_of_two_at_once_one_is_sold(exchange: Exchange) -> None:
    await opened(exchange)
    answers = await asyncio.gather(
        post(exchange, REBECCA), post(exchange, BECKY), post(exchange, BECKY, seller="birch")
    )

    assert ["accepted", "duplicate", "duplicate"] == sorted(answer["status"] for answer in answers)


async def test_sightings_are_forgotten_with_the_longest_window(either: Exchange) -> None:
    await opened(either, duplicate_days=100)
    answer = await post(either, REBECCA)
    later(either, 99 * DAY)
    await forget(either.market)
    assert answer["lead_id"] == (await findings(either, answer))["lead_id"]
    later(either, 2 * DAY)
    await forget(either.market)

    assert 0 == await either.count("sightings")


async def test_a_second_post_on_a_ping_may_be_about_somebody_else(either: Exchange) -> None:
    await opened(either)
    await post(either, REBECCA)
    pinged = await ping(either)
    refused = await post_on(either, pinged, BECKY)
    sold = await post_on(either, pinged, STRANGER | {"phone": "6029580001", "zip": PING["zip"]})
    again = await post(either, STRANGER | {"first_name": "D.", "phone": "6029580001"})

    assert ["duplicate", "accepted", "duplicate"] == [refused["status"], sold["status"], again["status"]]
    assert refused["lead_id"] == sold["lead_id"] == (await lead_of(either, again))["duplicate_of"]
    assert (await lead_of(either, sold))["duplicate_of"] is None


async def test_nothing_personal_is_in_a_sighting(exchange: Exchange) -> None:
    await opened(exchange)
    row = await findings(exchange, await post(exchange, REBECCA))

    hashed = [row[way] for way in ("phone", "email", "place", "name")]
    assert all(isinstance(each, int) and abs(each) > 2**32 for each in hashed)
    assert (None, None) == (row["born"], row["same_as"])
