"""Follow-ups on both engines: one agent at a time, handed on once, first contact as it was."""

from __future__ import annotations

import asyncio

from exchange.clock import month_of
from exchange.model.actor import SYSTEM
from exchange.model.audit import AuditLine
from exchange.model.follow import AgentTerms, Assignment, Duty, FollowRow, FollowRules
from exchange.storage.database import Db, Tx
from exchange.storage.endpoints import emails_of
from exchange.storage.follow import (
    add_agent,
    agents_of,
    assign,
    begin,
    change_agent,
    hand_back,
    restage,
    save_rules,
    touch,
)
from exchange.storage.follow_views import (
    FollowFilter,
    Reader,
    count_stages,
    first_contacts,
    list_followed,
    read_followed,
    waiting,
)
from exchange.storage.party_people import NoAdmin, set_own_member_state
from exchange.storage.users import UserRow, add_user
from tests.storage.conftest import NOW

MINUTE = 60_000


def line(number: int) -> AuditLine:
    return AuditLine(f"aud_{number}", NOW, month_of(NOW), SYSTEM, "", "test", "test", None, None)


async def sold(tx: Tx, number: int, contract: str = "acme-solar") -> None:
    """A lead and its sale, as far as follow-up looks at them."""
    at = NOW + number * MINUTE
    await tx.execute(
        """INSERT INTO leads (id, month, received_at, seller_id, campaign_id, campaign_version, vertical, mode, kind,
               state, facts, subject, currency, revenue_units, payout_units, times_sold, changed_at)
           VALUES (:id, '2026-11', :at, 's', 'c', 1, 'solar', 'live', 'post', 'sold', '{}', 'r', 'USD', 0, 0, 1,
               :at)""",
        id=f"ld_{number}",
        at=at,
    )
    await tx.execute(
        """INSERT INTO sales (id, month, lead_id, attempt_id, campaign_id, seller_id, buyer_id, contract_id,
               contract_version, leg, currency, price_units, payout_units, mode, accepted_at)
           VALUES (:id, '2026-11', :lead, :attempt, 'c', 's', 'acme', :contract, 1, 'acme', 'USD', 250000, 200000,
               'live', :at)""",
        id=f"sal_{number}",
        lead=f"ld_{number}",
        attempt=f"dlv_{number}",
        contract=contract,
        at=at,
    )
    row = FollowRow(f"sal_{number}", f"ld_{number}", "acme", contract, "solar", "live", at, "m")
    await begin(tx, [row, row])


async def office(db: Db, *names: str, leads: int = 1) -> None:
    await db.write(save_rules, "acme", FollowRules(), NOW, line(0))
    for number, name in enumerate(names, start=1):
        user = UserRow(f"usr_{name}", f"{name}@acme.example", "buyer", "acme", "agent")
        assert await db.write(add_agent, user, name, AgentTerms(), NOW, line(number))
    for number in range(1, leads + 1):
        await db.write(sold, number)


def given(agent: str, at: int = NOW, before: str | None = None, due: int | None = None, sale: int = 1) -> Assignment:
    return Assignment(f"fev_{agent}_{at}_{sale}", f"sal_{sale}", f"usr_{agent}", before, at, due, "pushed", "test")


async def test_of_two_who_assign_at_once_one_is_first(every_db: Db) -> None:
    await office(every_db, "ann", "bob")

    first = await asyncio.gather(*(every_db.write(assign, given(name)) for name in ("ann", "bob")))
    (row,) = await every_db.read(list_followed, Reader("acme"), FollowFilter())

    assert [False, True] == sorted(first)
    assert ("assigned", f"usr_{('ann', 'bob')[first.index(True)]}") == (row["state"], row["agent_id"])


async def test_an_agent_sees_its_own_and_a_buyer_its_own(db: Db) -> None:
    await office(db, "ann", "bob", leads=3)
    await db.write(assign, given("ann", sale=2))

    async def seen(reader: Reader, asked: FollowFilter | None = None) -> list[str]:
        return [row["sale_id"] for row in await db.read(list_followed, reader, asked or FollowFilter())]

    assert ["sal_3", "sal_2", "sal_1"] == await seen(Reader("acme"))
    assert ["sal_2"] == await seen(Reader("acme", "usr_ann"))
    assert [] == await seen(Reader("acme", "usr_bob")) + await seen(Reader("birch")) + await seen(
        Reader("birch", "usr_ann")
    )
    assert None is await db.read(read_followed, Reader("acme", "usr_bob"), "sal_2")
    assert ["sal_1"] == await seen(Reader("acme"), FollowFilter(before=(NOW + 2 * MINUTE, "sal_2")))
    assert {("new", "waiting"): 2, ("new", "assigned"): 1} == await db.read(count_stages, Reader("acme"), "live", 0)


async def test_what_nobody_worked_on_is_handed_on_and_then_escalated(db: Db) -> None:
    await office(db, "ann", "bob")
    await db.write(assign, given("ann", due=NOW + MINUTE))

    async def back(agent: str, at: int) -> str | None:
        return await db.write(hand_back, "sal_1", f"usr_{agent}", f"fev_{at}", at, "overdue", "test", 1, ())

    assert None is await back("ann", NOW)  # not yet
    assert None is await back("bob", NOW + MINUTE)  # never had it
    assert "waiting" == await back("ann", NOW + MINUTE)
    assert None is await back("ann", NOW + MINUTE)
    assert await db.write(assign, given("bob", NOW + MINUTE, due=NOW + 2 * MINUTE))
    assert "escalated" == await back("bob", NOW + 2 * MINUTE)
    assert [] == await db.read(waiting, "acme", 2**62, 10)
    assert await db.write(assign, given("ann", NOW + 3 * MINUTE))


async def test_whoever_calls_or_reports_keeps_the_lead(db: Db) -> None:
    await office(db, "ann", leads=2)
    for sale in (1, 2):
        await db.write(assign, given("ann", due=NOW + MINUTE, sale=sale))
    await db.write(touch, "sal_1", "fev_call", NOW + 90_000, "called", "usr_ann", "ann")
    await db.write(restage, "sal_2", "no_answer", "attempted", "m", NOW + 150_000, False, NOW)

    for sale in (1, 2):
        event = f"fev_back_{sale}"
        assert None is await db.write(
            hand_back, f"sal_{sale}", "usr_ann", event, NOW + 9 * MINUTE, "overdue", "test", 1, ()
        )
    rows = [await db.read(read_followed, Reader("acme"), f"sal_{sale}") for sale in (1, 2)]
    assert [(NOW + 90_000, "new"), (NOW + 150_000, "attempted")] == [
        (row["first_touch_at"], row["stage"]) for row in rows if row is not None
    ]


async def test_the_first_contact_stays_the_first_and_never_lies_before_the_delivery(db: Db) -> None:
    await office(db, "ann")
    firsts = []
    for first in (NOW + 5 * MINUTE, NOW + 3 * MINUTE, NOW + 9 * MINUTE, NOW - MINUTE):
        await db.write(restage, "sal_1", "contacted", "contacted", "m", first, False, NOW)
        row = await db.read(read_followed, Reader("acme"), "sal_1")
        firsts.append(row["first_touch_at"] if row is not None else None)

    assert [NOW + 5 * MINUTE, NOW + 3 * MINUTE, NOW + 3 * MINUTE, NOW + MINUTE] == firsts


async def test_what_is_over_is_nobodys_work_until_it_comes_back(db: Db) -> None:
    await office(db, "ann")
    await db.write(assign, given("ann"))
    states = []
    for stage, closed in (("won", True), ("contacted", False)):
        await db.write(restage, "sal_1", stage, stage, "m", NOW, closed, NOW)
        row = await db.read(read_followed, Reader("acme"), "sal_1")
        load = (await db.read(agents_of, "acme"))[0].load
        states.append((row["state"], load) if row is not None else None)

    assert [("closed", 0), ("assigned", 1)] == states


async def test_the_open_leads_of_one_who_leaves_wait_for_others(db: Db) -> None:
    await office(db, "ann", "bob", leads=2)
    await db.write(assign, given("ann"))
    await db.write(restage, "sal_1", "contacted", "contacted", "m", NOW, False, NOW)

    assert not await db.write(change_agent, "birch", "usr_ann", "Ann", "left", AgentTerms(), NOW, line(9))
    assert await db.write(change_agent, "acme", "usr_ann", "Ann", "left", AgentTerms(), NOW, line(10))
    assert {"sal_1", "sal_2"} == {row["sale_id"] for row in await db.read(waiting, "acme", 2**62, 10)}
    assert not await db.write(assign, given("ann", NOW + 1))


async def test_percentiles_are_times_that_occurred(db: Db) -> None:
    await office(db, "ann", leads=11)
    for number in range(1, 11):  # reached after 1 … 10 minutes; the eleventh was not
        await db.write(assign, given("ann", sale=number))
        await db.write(touch, f"sal_{number}", f"fev_{number}", NOW + 2 * number * MINUTE, "called", "usr_ann", "ann")

    by_agent = await db.read(first_contacts, "acme", "agent", 0, 2**62)
    (by_contract,) = await db.read(first_contacts, "acme", "contract", 0, 2**62)

    told = [(row["name"], row["leads"], row["reached"], row["median_ms"], row["most_ms"]) for row in by_agent]
    assert [("", 1, 0, None, None), ("usr_ann", 10, 10, 5 * MINUTE, 9 * MINUTE)] == told
    assert ("acme-solar", 11, 10) == (by_contract["name"], by_contract["leads"], by_contract["reached"])


async def test_mail_goes_to_admins_of_money_to_finance_too_and_never_to_agents(db: Db) -> None:
    await office(db, "ann")
    for name, duty in (("first", ""), ("chief", "admin"), ("cash", "finance")):
        await db.write(add_user, UserRow(f"usr_{name}", f"{name}@acme.example", "buyer", "acme", duty), NOW)
    await db.write(add_user, UserRow("usr_op", "op@exchange.example", "operator", None), NOW)

    async def people(role: str, party: str | None, *duties: Duty) -> list[str]:
        found = await db.read(emails_of, role, party, *([duties] if duties else []))
        return [email.partition("@")[0] for email in found]

    assert ["chief", "first"] == await people("buyer", "acme")
    assert ["cash", "chief", "first"] == await people("buyer", "acme", Duty.ADMIN, Duty.FINANCE)
    assert ["op"] == await people("operator", None)


async def test_of_two_admins_who_shut_each_other_out_one_stays(every_db: Db) -> None:
    ann, bea = (UserRow(f"usr_{name}", f"{name}@acme.example", "buyer", "acme", "admin") for name in ("ann", "bea"))
    for each in (ann, bea, UserRow("usr_eli", "eli@acme.example", "buyer", "acme", "agent")):
        await every_db.write(add_user, each, NOW)
    ended = await asyncio.gather(
        *(every_db.write(set_own_member_state, each, "disabled", line(n)) for n, each in enumerate((ann, bea))),
        return_exceptions=True,
    )
    left = await every_db.read(admins)

    assert [NoAdmin] == [type(each) for each in ended if each is not None]
    assert 1 == len(left)


async def admins(tx: Tx) -> list[str]:
    rows = await tx.fetch("SELECT id FROM users WHERE duty = 'admin' AND state = 'active'")
    return [row["id"] for row in rows]
