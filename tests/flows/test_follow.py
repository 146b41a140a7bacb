"""Bought leads at their buyer: assigned when they are sold, handed on, reminded of, told to its programs."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.flows.agent_terms import CannotFollow, Wanted, read_hours, read_terms
from exchange.flows.dispositions import Recorded, record_disposition
from exchange.flows.follow import follow_leads, reassign, take_next
from exchange.flows.follow_desk import invite_agent, note_click, open_card, remind, say, set_agent, set_away, set_rules
from exchange.model.feedback import Report
from exchange.model.party import Hours
from exchange.storage.follow import agents_of, restage
from exchange.storage.follow_views import FollowFilter, Reader, first_contacts, list_followed, read_followed
from tests.flows.lab import later, person, post
from tests.flows.receivers import ACME, events, hook, listen, run_all, run_for
from tests.market import Exchange, buying, selling

ALL = Reader("acme")
PUSH = {"way": "push", "back_minutes": "30", "rounds": "1"}


async def office(exchange: Exchange, *names: str, rules: dict[str, str] | None = None, **terms: str) -> dict[str, str]:
    """Acme with these agents; returns their ids by name. `terms` are of the first one."""
    market = exchange.market
    await exchange.add(*selling("cedar"), *buying("acme"))
    for number, name in enumerate(names):
        wanted = Wanted.of_form({"name": name, "mail": "on", **(terms if number == 0 else {})})
        await invite_agent(market, f"{name}@acme.example", "agent", wanted, ACME)
    await set_rules(market, PUSH if rules is None else rules, ACME)
    return {each.name: each.id for each in await market.db.read(agents_of, "acme")}


async def sell(exchange: Exchange, *numbers: int, **fields: str) -> list[str]:
    """Sell these consumers' leads; returns the ids of what is followed then, oldest first."""
    for number in numbers:
        later(exchange, 1)
        assert "accepted" == (await post(exchange, person(number, **fields)))["status"]
    await follow_leads(exchange.market)
    return [row["sale_id"] for row in reversed(await followed(exchange))]


async def followed(exchange: Exchange) -> list[dict[str, Any]]:
    return [dict(row) for row in await exchange.market.db.read(list_followed, ALL, FollowFilter())]


async def whose(exchange: Exchange, ids: dict[str, str]) -> list[str | None]:
    """Who has each lead, oldest first."""
    names = {agent: name for name, agent in ids.items()}
    return [names.get(row["agent_id"]) for row in reversed(await followed(exchange))]


async def test_leads_are_assigned_in_turn_when_they_are_sold_and_their_agents_are_told(either: Exchange) -> None:
    ids = await office(either, "ann", "bob")
    await listen(either, hook("ember"), ACME, "lead.assigned")
    await sell(either, 1, 2, 3)
    await follow_leads(either.market)  # a second look changes nothing
    await run_all(either)

    assert ["ann", "bob", "ann"] == await whose(either, ids) or ["bob", "ann", "bob"] == await whose(either, ids)
    told = events(either, hook("ember"))
    mails = [mail for mail in either.buyers.mailed if "new lead" in mail.subject]
    assert 3 == len(told) == len(mails)
    assert {"lead_id", "sale_id", "contract_id", "agent_id", "stage", "test"} == set(told[0]["data"])
    assert not [mail for mail in mails if "Sandoval" in mail.text or "602958" in mail.text]
    assert mails[0].to[0].split("@")[0] in ("ann", "bob")


async def test_sales_before_the_rules_are_not_followed(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme"))
    await post(exchange, person(1))
    later(exchange, 1)
    await office(exchange, "ann")

    assert 1 == len(await sell(exchange, 2))


async def test_a_lead_waits_until_somebody_is_at_work(exchange: Exchange) -> None:
    # It is Saturday, 14:34 UTC.
    ids = await office(exchange, "ann", hours="sat 15:00-16:00", zone="UTC")
    await sell(exchange, 1)
    before = await whose(exchange, ids)
    later(exchange, 30 * 60)
    await follow_leads(exchange.market)

    assert ([None], ["ann"]) == (before, await whose(exchange, ids))


async def test_a_skill_is_read_from_the_sealed_lead(exchange: Exchange) -> None:
    ids = await office(exchange, "ann", "bob", languages="spanish", rules={**PUSH, "order": "specialist"})
    await sell(exchange, 1, language="spanish")
    await sell(exchange, 2, language="english")

    assert ["ann", "bob"] == await whose(exchange, ids)


async def test_what_nobody_works_on_goes_to_the_next_and_then_to_the_admins(either: Exchange) -> None:
    market, ids = either.market, await office(either, "ann", "bob")
    await invite_agent(market, "chief@acme.example", "admin", Wanted(), ACME)
    (sale,) = await sell(either, 1)
    first = (await whose(either, ids))[0]
    later(either, 30 * 60)
    await follow_leads(market)
    second = (await whose(either, ids))[0]
    later(either, 30 * 60)
    await follow_leads(market)
    await run_all(either)

    row = await market.db.read(read_followed, ALL, sale)
    assert {"ann", "bob"} == {first, second} and row is not None
    assert ("escalated", None, 2) == (row["state"], row["agent_id"], row["times_back"])
    assert [("chief@acme.example",)] == [mail.to for mail in either.buyers.mailed if "nobody works on" in mail.subject]
    assert await reassign(market, "acme", sale, ids["ann"], "chief@acme.example")
    assert not await reassign(market, "birch", sale, ids["bob"], "x")


async def test_what_everybody_who_fits_gave_back_is_the_admins_before_the_rounds_are_over(either: Exchange) -> None:
    market = either.market
    ids = await office(either, "ann", "bob", rules={**PUSH, "rounds": "5"}, states="AZ")
    (bob,) = [each for each in await market.db.read(agents_of, "acme") if each.id == ids["bob"]]
    await set_agent(market, bob.id, "active", Wanted.of_form({"name": "bob", "states": "NV"}), ACME)
    await invite_agent(market, "chief@acme.example", "admin", Wanted(), ACME)
    await sell(either, 1)
    before = await whose(either, ids)
    later(either, 30 * 60)
    await follow_leads(market)
    later(either, 60)
    await follow_leads(market)
    await run_all(either)

    assert ["ann"] == before and ["escalated"] == [row["state"] for row in await followed(either)]
    assert 1 == len([mail for mail in either.buyers.mailed if "nobody works on" in mail.subject])


async def test_a_lead_that_comes_back_to_life_is_never_again_of_an_agent_who_left(either: Exchange) -> None:
    market, ids = either.market, await office(either, "ann")
    (sale,) = await sell(either, 1)
    await record_disposition(Report(sale, "not_interested", "", None, None), market, ACME)
    await follow_leads(market)
    await set_agent(market, ids["ann"], "left", Wanted("ann"), ACME)
    later(either, 60)
    await record_disposition(Report(sale, "contacted", "", None, None), market, ACME)
    await follow_leads(market)

    (row,) = await followed(either)
    assert ("contacted", "waiting", None) == (row["stage"], row["state"], row["agent_id"])


async def test_the_first_contact_is_of_whoever_had_the_lead_then(either: Exchange) -> None:
    market, ids = either.market, await office(either, "ann", "bob", states="AZ")
    (sale,) = await sell(either, 1)
    (first,) = await whose(either, ids)
    other = "bob" if first == "ann" else "ann"
    row = await market.db.read(read_followed, ALL, sale)
    assert row is not None
    later(either, 60)
    await note_click(market, row, "called", ACME)
    later(either, 60)
    await reassign(market, "acme", sale, ids[other], "x")
    told = await market.db.read(first_contacts, "acme", "agent", 0, market.clock.now())

    assert [(ids[str(first)], 1, 1, 60_000)] == [
        (each["name"], each["leads"], each["reached"], each["median_ms"]) for each in told
    ]


async def test_a_lead_that_was_worked_on_stays(exchange: Exchange) -> None:
    ids = await office(exchange, "ann", "bob")
    (sale,) = await sell(exchange, 1)
    owner = await whose(exchange, ids)
    later(exchange, 29 * 60)
    recorded = await record_disposition(Report(sale, "no_answer", "", None, None), exchange.market, ACME)
    later(exchange, 5 * 60)
    await follow_leads(exchange.market)

    assert isinstance(recorded, Recorded) and owner == await whose(exchange, ids)
    (row,) = await followed(exchange)
    assert ("attempted", 29 * 60_000) == (row["stage"], row["first_touch_at"] - row["delivered_at"])


async def test_the_stage_follows_the_last_word_however_late_an_earlier_one_comes(either: Exchange) -> None:
    market = either.market
    await office(either, "ann")
    (sale,) = await sell(either, 1)
    later(either, 600)
    now, stages = market.clock.now(), []
    for kind, at in (("quoted", now), ("no_answer", now - 300_000), ("no_answer", now - 300_000), ("sold", now + 1)):
        await record_disposition(Report(sale, kind, "", None, at), market, ACME)
        await follow_leads(market)
        (row,) = await followed(either)
        stages.append((row["stage"], row["state"]))
    card = await open_card(market, ALL, sale)

    assert [("quoted", "assigned"), ("quoted", "assigned"), ("quoted", "assigned"), ("won", "closed")] == stages
    assert card is not None and ["no_answer", "quoted", "sold"] == [each["kind"] for each, _ in card.told]


async def test_words_of_one_moment_are_each_taken_up_once(either: Exchange) -> None:
    market = either.market
    await office(either, "ann")
    sales = await sell(either, 1, 2, 3)
    for sale in sales:
        await record_disposition(Report(sale, "quoted", "", None, None), market, ACME)
    await follow_leads(market)
    first = await followed(either)
    later(either, 30)
    await follow_leads(market)
    again = await followed(either)
    await record_disposition(Report(sales[0], "sold", "", None, None), market, ACME)
    await follow_leads(market)

    assert ["quoted"] * 3 == [row["stage"] for row in first]
    assert [row["changed_at"] for row in first] == [row["changed_at"] for row in again]
    assert ["quoted", "quoted", "won"] == [row["stage"] for row in await followed(either)]


async def test_what_was_read_before_another_word_came_is_not_copied(either: Exchange) -> None:
    market = either.market
    await office(either, "ann")
    (sale,) = await sell(either, 1)
    await record_disposition(Report(sale, "sold", "", None, None), market, ACME)
    await follow_leads(market)
    await market.db.write(restage, sale, "quoted", "quoted", "", None, False, market.clock.now(), "dsp_before")

    assert ["won"] == [row["stage"] for row in await followed(either)]


async def test_with_pull_an_agent_takes_the_oldest_that_is_of_its_kind(exchange: Exchange) -> None:
    ids = await office(exchange, "ann", "bob", rules={**PUSH, "way": "pull"}, states="NV", most_open="1")
    sales = await sell(exchange, 1, 2)
    await sell(exchange, 3, zip="89101", state="NV", city="Las Vegas")
    nevada = (await followed(exchange))[0]["sale_id"]
    market = exchange.market

    assert [None, None, None] == await whose(exchange, ids)
    assert [nevada, None] == [await take_next(market, "acme", ids["ann"]) for _ in range(2)]
    assert [*sales, None] == [await take_next(market, "acme", ids["bob"]) for _ in range(3)]
    assert None is await take_next(market, "acme", "usr_nobody")
    assert None is await take_next(market, "birch", ids["bob"])


async def test_reminders_are_told_when_due_after_quiet_hours_and_only_to_who_has_the_lead(exchange: Exchange) -> None:
    market, ids = exchange.market, await office(exchange, "ann", "bob", quiet="14:00-15:00", zone="UTC", states="AZ")
    (sale,) = await sell(exchange, 1)
    await reassign(market, "acme", sale, ids["ann"], "x")
    row = await market.db.read(read_followed, Reader("acme", ids["ann"]), sale)
    assert row is not None
    await remind(market, row, market.clock.now() + 60_000, "call Maria about the roof")
    stored = await exchange.rows("SELECT note FROM reminders")
    exchange.buyers.mailed.clear()
    await run_for(exchange, 120)
    in_quiet_hours = [mail for mail in exchange.buyers.mailed if "reminder" in mail.subject]
    await run_for(exchange, 30 * 60)

    (mail,) = [mail for mail in exchange.buyers.mailed if "reminder" in mail.subject]
    assert [] == in_quiet_hours and ("ann@acme.example",) == mail.to
    assert b"Maria" not in bytes(stored[0]["note"]) and "Maria" not in mail.text
    card = await open_card(market, Reader("acme", ids["ann"]), sale)
    assert card is not None and ["call Maria about the roof"] == [note for _, note in card.reminders]
    assert None is await open_card(market, Reader("acme", ids["bob"]), sale)


async def test_nobody_is_told_of_what_is_theirs_no_more(exchange: Exchange) -> None:
    market, ids = exchange.market, await office(exchange, "ann", "bob")
    (sale,) = await sell(exchange, 1)
    name = (await whose(exchange, ids))[0]
    other = "bob" if name == "ann" else "ann"
    await reassign(market, "acme", sale, ids[other], "x")
    await run_all(exchange)

    assert [(f"{other}@acme.example",)] == [m.to for m in exchange.buyers.mailed if "new lead" in m.subject]


async def test_vacation_begins_at_once_and_ends_by_itself(exchange: Exchange) -> None:
    market, ids = exchange.market, await office(exchange, "ann")
    (ann,) = await market.db.read(agents_of, "acme")
    await set_away(market, ann, market.clock.now() + 3_600_000, ACME)
    await sell(exchange, 1)
    away = await whose(exchange, ids)
    later(exchange, 3_600)
    await follow_leads(market)

    assert ([None], ["ann"]) == (away, await whose(exchange, ids))


async def test_a_disposition_said_on_the_page_is_like_every_other(exchange: Exchange) -> None:
    market, ids = exchange.market, await office(exchange, "ann")
    (sale,) = await sell(exchange, 1)
    row = await market.db.read(read_followed, Reader("acme", ids["ann"]), sale)
    assert row is not None
    wrong = await say(market, row, "delighted", "", None, ACME)
    right = await say(market, row, "sold", "signed", "12000", ACME)

    assert isinstance(right, Recorded) and not isinstance(wrong, Recorded) and wrong is not None
    assert [("sold", 120_000_000)] == [
        (each["kind"], each["value_units"]) for each in await exchange.rows("SELECT * FROM dispositions")
    ]
    assert "won" == (await followed(exchange))[0]["stage"]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"verticals": "roofing"}, "verticals"),
        ({"states": "Arizona"}, "states"),
        ({"zips": "8x"}, "zips"),
        ({"hours": "mon 9-5"}, "hours"),
        ({"hours": "mon 17:00-09:00"}, "hours"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"most_open": "0"}, "most_open"),
        ({"quiet": "late"}, "quiet"),
        ({"away_until": "christmas"}, "away_until"),
        ({"languages": "<script>"}, "languages"),
    ],
)
async def test_terms_that_say_nothing_are_refused_with_their_field(
    exchange: Exchange, terms: dict[str, str], field: str
) -> None:
    with pytest.raises(CannotFollow) as refused:
        read_terms(Wanted.of_form(terms), exchange.market)

    assert (field, True) == (refused.value.field, field in str(refused.value))


def test_hours_are_read_as_people_write_them() -> None:
    assert (Hours((0, 1, 2, 3, 4), 540, 1_020), Hours((5, 6), 600, 1_440)) == read_hours(
        "mon-fri 09:00-17:00\nSat,Sun 10:00 - 24:00"
    )


async def test_another_buyers_agent_and_contract_are_nobody(exchange: Exchange) -> None:
    market, ids = exchange.market, await office(exchange, "ann")
    await exchange.add(*buying("birch"))
    birch = ACME.__class__(ACME.role, "x@birch.example", "birch")

    for act in (
        set_agent(market, ids["ann"], "left", Wanted("x"), birch),
        set_rules(market, {"named.acme-solar": "ann@acme.example"}, birch),
        set_rules(market, {"named.birch-solar": "ann@acme.example"}, birch),
        invite_agent(market, "ann@acme.example", "agent", Wanted(), birch),
        invite_agent(market, "no address", "agent", Wanted(), birch),
        invite_agent(market, "x@birch.example", "owner", Wanted(), birch),
    ):
        with pytest.raises(CannotFollow):
            await act
