"""Follow-up by program: whose leads are whose, given, handed back, and how far they have come."""

from __future__ import annotations

from exchange.flows.agent_terms import Wanted
from exchange.flows.follow import follow_leads
from exchange.flows.follow_desk import invite_agent, set_rules
from exchange.model.actor import Actor, Role
from exchange.model.quality import DAY_MS
from exchange.storage.follow import agents_of
from exchange.web.words import utc
from tests.flows.lab import later, person, post
from tests.market import buyer_key, buying
from tests.web.served import Heard, Served

ACME = Actor(Role.BUYER, "al@acme.example", "acme")
KEY = buyer_key("acme")


async def office(served: Served, *names: str, way: str = "push") -> dict[str, str]:
    market = served.exchange.market
    for name in names:
        await invite_agent(market, f"{name}@acme.example", "agent", Wanted(name), ACME)
    await set_rules(market, {"way": way, "back_minutes": "30", "rounds": "2"}, ACME)
    return {each.name: each.id for each in await market.db.read(agents_of, "acme")}


async def listed(served: Served, query: str = "") -> Heard:
    later(served.exchange, 3)  # the newest seconds are left out
    return await served.get(f"buyer/follow-ups?{query}", key=KEY)


async def test_a_buyers_program_keeps_in_step_with_who_works_on_what(served: Served) -> None:
    ids = await office(served, "ann", "bob")
    for number in (1, 2):
        later(served.exchange, 1)
        await post(served.exchange, person(number))
    await follow_leads(served.exchange.market)
    first = await listed(served, f"agent_id={ids['ann']}&state=assigned")
    (own,) = first["follow_ups"]
    one = f"buyer/follow-ups/{own['sale_id']}"
    given = await served.send(f"{one}/assign", {"email": "BOB@acme.example"}, key=KEY)
    again = await served.send(f"{one}/assign", {"agent_id": ids["bob"]}, key=KEY)
    later(served.exchange, 60)
    called = await served.send(f"{one}/contact", {"how": "call"}, key=KEY)
    reached = await served.send(f"{one}/stage", {"stage": "contacted", "note": "wants an offer"}, key=KEY)
    later(served.exchange, 1)
    back = await served.send(f"{one}/hand-back", key=KEY)
    twice = await served.send(f"{one}/hand-back", key=KEY)
    changed = await listed(served, f"since={first['next']}")

    assert (200, "new", None) == (first.http_status, own["stage"], own.get("disposition"))
    assert ("assigned", ids["bob"], "bob") == tuple(given[name] for name in ("status", "agent_id", "agent"))
    assert ("unchanged", "ok", True) == (again["status"], called["status"], called["first_contact_ms"] >= 60_000)
    assert ("recorded", "contacted", "contacted") == tuple(reached[name] for name in ("status", "stage", "disposition"))
    assert ("handed_back", "waiting", None, 1) == tuple(
        back.get(name) for name in ("status", "state", "agent_id", "handed_back")
    )
    assert ("unchanged", own["sale_id"]) == (twice["status"], changed["follow_ups"][-1]["sale_id"])
    story = [(each["what"], each["agent_id"]) for each in (await served.get(one, key=KEY))["events"]]
    assert [
        ("pushed", ids["ann"]), ("by_hand", ids["bob"]), ("called", ids["bob"]), ("handed_back", ids["bob"])
    ] == story  # fmt: skip
    assert "Sandoval" not in str(first.body + changed.body) and "602958" not in str(first.body + changed.body)
    (told,) = await served.exchange.rows("SELECT kind, channel FROM dispositions")
    assert ("contacted", "api") == tuple(told.values())


async def test_with_pull_an_agents_program_takes_the_next_lead_and_a_won_one_is_given_to_nobody(served: Served) -> None:
    ids = await office(served, "ann", "bob", way="pull")
    await post(served.exchange, person(1))
    await follow_leads(served.exchange.market)
    taken = await served.send(f"buyer/agents/{ids['ann']}/next", key=KEY)
    none = await served.send(f"buyer/agents/{ids['ann']}/next", key=KEY)
    agents = await served.get("buyer/agents", key=KEY)
    one = f"buyer/follow-ups/{taken['sale_id']}"
    won = await served.send(f"{one}/stage", {"disposition": "sold", "value": "12000"}, key=KEY)
    over = await served.send(f"{one}/assign", {"agent_id": ids["bob"]}, key=KEY)

    assert ("assigned", "ann", "none") == (taken["status"], taken["agent"], none["status"])
    assert [("ann", 1), ("bob", 0)] == [(each["name"], each["works_on"]) for each in agents["agents"]]
    assert ("won", "closed") == (won["stage"], won["state"])
    assert (409, "error", "cannot_assign") == over.told


async def test_a_program_sends_agents_on_vacation_and_reminds_whoever_has_a_lead(served: Served) -> None:
    ids = await office(served, "ann", "bob")
    at = f"buyer/agents/{ids['ann']}/away"
    today = served.exchange.clock.now()
    gone = await served.send(at, {"until": utc(today + 3 * DAY_MS)[:10]}, key=KEY)
    await post(served.exchange, person(1))
    await follow_leads(served.exchange.market)
    (own,) = (await listed(served))["follow_ups"]
    one = f"buyer/follow-ups/{own['sale_id']}"
    reminded = await served.send(f"{one}/remind", {"at": utc(today + DAY_MS), "note": "bring the offer"}, key=KEY)
    back = await served.send(at, {"until": "now"}, key=KEY)
    wrong = [
        await served.send(at, {}, key=KEY),
        await served.send(at, {"until": "2020-01-01"}, key=KEY),
        await served.send(f"{one}/remind", {"at": "soon"}, key=KEY),
        await served.send(f"{one}/remind", {"at": utc(today - DAY_MS)}, key=KEY),
    ]

    assert (200, "ok", "ann", True) == (gone.http_status, gone["status"], gone["name"], bool(gone.get("away_until")))
    assert ("bob", "ok", None) == (own["agent"], reminded["status"], back.get("away_until"))
    (kept,) = await served.exchange.rows("SELECT agent_id, at, note FROM reminders")
    assert (ids["bob"], today + DAY_MS) == (kept["agent_id"], kept["at"]) and b"offer" not in bytes(kept["note"])
    assert ["until", "until", "at", "at"] == [each["errors"][0]["field"] for each in wrong]
    assert 404 == (await served.send("buyer/agents/usr_nobody/away", {"until": "now"}, key=KEY)).http_status


async def test_wrong_words_are_named_and_other_buyers_leads_are_not_there(served: Served) -> None:
    await office(served, "ann")
    await served.exchange.add(*buying("birch"))
    await post(served.exchange, person(1))
    await follow_leads(served.exchange.market)
    (own,) = (await listed(served))["follow_ups"]
    one = f"buyer/follow-ups/{own['sale_id']}"
    wrong = [
        await served.send(f"{one}/assign", {"agent_id": "usr_nobody"}, key=KEY),
        await served.send(f"{one}/contact", {"how": "shout"}, key=KEY),
        await served.send(f"{one}/stage", {"stage": "delighted"}, key=KEY),
        await served.send(f"{one}/stage", {"disposition": "sold", "value": "much"}, key=KEY),
        await listed(served, "stage=delighted"),
    ]
    theirs = buyer_key("birch")
    others = [
        await served.get(one, key=theirs),
        *[await served.send(f"{one}/{act}", {"disposition": "sold"}, key=theirs) for act in ("hand-back", "stage")],
    ]

    assert ["agent_id", "how", "stage", "value", "stage"] == [each["errors"][0]["field"] for each in wrong]
    assert {422} == {each.http_status for each in wrong}
    assert {404} == {each.http_status for each in others} and 0 == await served.exchange.count("dispositions")
    assert 401 == (await served.get("buyer/follow-ups")).http_status  # a seller's key
