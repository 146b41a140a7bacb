"""Follow-up in the buyer's portal: who sees what, one lead on a telephone, agents and rules."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from exchange.flows.agent_terms import Wanted
from exchange.flows.follow import follow_leads
from exchange.flows.follow_desk import invite_agent, set_rules
from exchange.model.actor import Actor, Role
from exchange.storage.follow import agents_of
from exchange.web.buyer_portal import ADMINS, modules
from tests.flows.lab import later, person, post
from tests.market import buying, surname
from tests.web.served import Served
from tests.web.test_console_browser import NARROWEST, TOO_SMALL, browsing
from tests.web.visitor import Visitor, signed_in, stranger

ACME = Actor(Role.BUYER, "al@acme.example", "acme")
DUTIES = ("admin", "agent", "finance")


async def office(served: Served, *names: str, way: str = "push") -> dict[str, str]:
    """Acme with agents of these names and rules; returns their ids."""
    market = served.exchange.market
    for name in names:
        await invite_agent(market, f"{name}@acme.example", "agent", Wanted(name), ACME)
    await set_rules(market, {"way": way, "back_minutes": "30", "rounds": "1"}, ACME)
    return {each.name: each.id for each in await market.db.read(agents_of, "acme")}


async def sell(served: Served, *numbers: int) -> list[str]:
    for number in numbers:
        later(served.exchange, 1)
        assert "accepted" == (await post(served.exchange, person(number)))["status"]
    await follow_leads(served.exchange.market)
    rows = await served.exchange.rows("SELECT sale_id FROM follow_ups ORDER BY delivered_at, sale_id")
    return [row["sale_id"] for row in rows]


@asynccontextmanager
async def signed_in_as(served: Served, email: str, duty: str) -> AsyncIterator[Visitor]:
    """Somebody of acme whom an admin invited."""
    link = await invite_agent(served.exchange.market, email, duty, Wanted(), ACME)
    async with stranger(served) as visitor:
        await visitor.open(link[link.index("/login/") :], follow=False)
        yield visitor


@asynccontextmanager
async def again(served: Served, email: str) -> AsyncIterator[Visitor]:
    """Somebody who is there already."""
    async with signed_in(served, email, "buyer", "acme") as visitor:
        yield visitor


def pages_of_the_portal() -> list[tuple[str, str, tuple[str, ...]]]:
    """Every page with method, path and the duties it is for."""
    return [
        (page.method, page.path, tuple(each.value for each in getattr(module, "DUTIES", ADMINS)))
        for module in modules()
        for page in module.pages()
    ]


def filled(pattern: str, names: dict[str, str]) -> str:
    """An address that fits a pattern: what has no name gets an id with the letters that its expression begins with."""
    path = pattern
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition(":")
        depth, end = 1, 0
        while depth:
            depth += {"{": 1, "}": -1}.get(after[end], 0)
            end += 1
        begins = re.match(r"[a-z]+_(?=\[)", after)
        path = before + names.get(name, (begins[0] if begins else "x_") + "0" * 26) + after[end:]
    return path


@pytest.mark.parametrize("duty", DUTIES)
async def test_every_page_of_the_portal_opens_for_its_duties_alone(served: Served, duty: str) -> None:
    ids = await office(served, "ann")
    (sale,) = await sell(served, 1)
    (lead,) = await served.exchange.rows("SELECT id FROM leads")
    names = {"sale_id": sale, "lead_id": lead["id"], "agent_id": ids["ann"], "act": "release"}
    names |= {"number": "INV-2026-1", "move": "enable", "change": "link"}
    wrong = []
    async with signed_in_as(served, "dee@acme.example", duty) as visitor:
        for method, pattern, duties in pages_of_the_portal():
            path = filled(pattern, names)
            async with visitor.session.request(method, served.address + path, allow_redirects=False) as got:
                refused = got.status == 403 and b"needs the duty" in await got.read()
            if refused is (duty in duties):
                wrong.append((method, path, got.status))

    assert [] == wrong


async def test_an_agent_sees_its_own_leads_and_no_others(served: Served) -> None:
    await office(served, "ann", "bob")
    sales = await sell(served, 1, 2)
    owners = {
        row["sale_id"]: row["name"]
        for row in await served.exchange.rows(
            "SELECT f.sale_id, a.name FROM follow_ups f JOIN agents a ON a.user_id = f.agent_id"
        )
    }
    async with again(served, "ann@acme.example") as visitor:
        listed = await visitor.open("/buyer/follow-up")
        (own,) = [sale for sale in sales if owners[sale] == "ann"]
        (other,) = [sale for sale in sales if owners[sale] == "bob"]
        assert [own] == listed.attributes("followed", "data-sale")
        assert [own] == [each["sale_id"] for each in (await visitor.open("/buyer/follow-up.json")).fields["leads"]]
        assert own in (await visitor.open("/buyer/follow-up.csv")).source
        assert [] == (await visitor.open("/buyer/follow-up?agent=usr_other")).attributes("followed", "data-sale")
        assert 404 == (await visitor.open(f"/buyer/follow-up/{other}")).http_status
        for act in ("disposition", "click", "remind", "give-back"):
            form: dict[str, Any] = {
                "disposition": "sold",
                "how": "called",
                "at": "2026-12-01T10:00",
                "csrf": listed.token,
            }
            assert 404 == (await visitor.send(f"/buyer/follow-up/{other}/{act}", **form)).http_status
        assert 403 == (await visitor.send(f"/buyer/follow-up/{own}/assign", csrf=listed.token, agent="x")).http_status
        opened = await visitor.open(f"/buyer/follow-up/{own}")
        number = sales.index(own) + 1
        assert surname(number) in opened.text and f"tel:+1602958{number:04d}" in opened.source
        assert surname(number) not in listed.source + (await visitor.open("/buyer/follow-up.csv")).source
    assert 0 == await served.exchange.count("dispositions")


async def test_an_agent_works_through_a_lead_without_a_script(served: Served) -> None:
    await office(served, "ann", way="pull")
    (sale,) = await sell(served, 1)
    later(served.exchange, 90)
    async with again(served, "ann@acme.example") as visitor:
        home = await visitor.open("/buyer/follow-up")
        opened = await visitor.send("/buyer/follow-up/next", csrf=home.token)
        assert surname(1) in opened.text
        none = await visitor.send("/buyer/follow-up/next", csrf=home.token)
        assert (409, True) == (none.http_status, "No lead for you now" in none.text)
        wrong = await visitor.send(
            f"/buyer/follow-up/{sale}/disposition", csrf=home.token, disposition="sold", value="much"
        )
        assert (422, True) == (wrong.http_status, "decimal amount" in wrong.part("problem"))
        said = await visitor.send(
            f"/buyer/follow-up/{sale}/disposition", csrf=home.token, disposition="appointment_set"
        )
        assert "Appointment" == said.part("stage").partition(" <")[0].split()[0]
        early = await visitor.send(f"/buyer/follow-up/{sale}/remind", csrf=home.token, at="2020-01-01T10:00")
        assert (422, True) == (early.http_status, "ahead" in early.part("problem"))
        kept = await visitor.send(
            f"/buyer/follow-up/{sale}/remind", csrf=home.token, at="2026-11-23T10:00", note="bring the offer"
        )
        assert "bring the offer" in kept.part("reminders") and "Appointment set" in kept.part("history")
        back = await visitor.send(f"/buyer/follow-up/{sale}/give-back", csrf=home.token)
        assert [] == back.attributes("followed", "data-sale")
    (row,) = await served.exchange.rows("SELECT * FROM follow_ups")
    assert (90_000, "waiting") == (row["first_touch_at"] - row["delivered_at"], row["state"])


async def test_an_admin_sets_rules_lets_people_in_and_sees_how_fast_they_are(served: Served) -> None:
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        page = await visitor.open("/buyer/agents")
        rules: dict[str, Any] = {"way": "push", "order": "least_loaded", "back_minutes": "15", "rounds": "2"}
        wrong = await visitor.send("/buyer/agents/rules", csrf=page.token, **{**rules, "back_minutes": "soon"})
        assert (422, True) == (wrong.http_status, "back_minutes" in wrong.part("problem"))
        assert "in force" in (await visitor.send("/buyer/agents/rules", csrf=page.token, **rules)).part("rules")
        invited = await visitor.send(
            "/buyer/agents", csrf=page.token, email="ann@acme.example", name="Ann", duty="agent"
        )
        assert "/login/" in invited.part("link")
        (ann,) = invited.attributes("agent", "data-agent")
        (sale,) = await sell(served, 1)
        terms: dict[str, Any] = {"name": "Ann", "states": "az", "hours": "sat 09:00-17:00", "zone": "UTC", "mail": "on"}
        saved = await visitor.send(f"/buyer/agents/{ann}", csrf=page.token, **terms)
        assert 'value="az"' not in saved.source and 'value="AZ"' in saved.source
        later(served.exchange, 60)
        await visitor.send(f"/buyer/follow-up/{sale}/click", csrf=page.token, how="called")
        timings = (await visitor.open("/buyer/agents.json")).fields["first_contact"]
        assert [("agent", "Ann", 1, 1, 60_000, 60_000), ("contract", "Acme solar", 1, 1, 60_000, 60_000)] == [
            (each["by"], each["name"], each["leads"], each["reached"], each["median_ms"], each["p90_ms"])
            for each in timings
        ]
        assert 3 == len((await visitor.open("/buyer/agents.csv")).source.splitlines())
        assert "1 min" in (await visitor.open("/buyer/agents")).part("timing")
        gone = await visitor.send(f"/buyer/agents/{ann}", csrf=page.token, leave="1", **terms)
        assert "left" in gone.part("agent")
    async with stranger(served) as ann_again:
        assert 303 == (await ann_again.open("/buyer/follow-up", follow=False)).http_status


async def test_consent_taken_back_hides_the_number(served: Served) -> None:
    await office(served, "ann")
    (sale,) = await sell(served, 1)
    (lead,) = await served.exchange.rows("SELECT id FROM leads")
    async with signed_in(served) as operator:
        await operator.submit("/console/revocations", who=lead["id"])
    async with again(served, "ann@acme.example") as visitor:
        opened = await visitor.open(f"/buyer/follow-up/{sale}")

    assert "Do not contact" in opened.part("why-not")
    assert "tel:" not in opened.source and "602958" not in opened.source


async def test_a_tap_on_call_is_measured_on_a_telephone(served: Served) -> None:
    await served.exchange.add(*buying("acme"))
    await office(served, "ann")
    (sale,) = await sell(served, 1)
    later(served.exchange, 45)
    async with browsing(served) as browser, again(served, "ann@acme.example") as visitor:
        cookie = next(iter(visitor.session.cookie_jar))
        context = await browser.new_context(viewport=NARROWEST)
        await context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": served.address}])
        window = await context.new_page()
        await window.goto(f"{served.address}/buyer/follow-up/{sale}")
        assert await window.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert [] == await window.evaluate(TOO_SMALL)
        async with window.expect_response(lambda response: response.url.endswith("/click")) as told:
            await window.get_by_test_id("call").click(no_wait_after=True)
        assert 204 == (await told.value).status

    (row,) = await served.exchange.rows("SELECT * FROM follow_ups")
    assert 45_000 == row["first_touch_at"] - row["delivered_at"]
