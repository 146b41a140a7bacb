"""The audit log as people look through it, and undo of what it tells of."""

from __future__ import annotations

from exchange.flows.pausing import pause_buyer
from exchange.flows.price_terms import set_floors
from exchange.flows.review import block_sub_id
from exchange.model.actor import Actor, Role
from exchange.model.party import State
from exchange.web.listed.audit_rows import PAGES
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, later, signed_in

AUDIT = "/console/audit"
ANN = Actor(Role.OPERATOR, "ann@operator.example", ip="198.51.100.7")


async def change_floor(served: Served, floor: str) -> None:
    later(served, 1)
    await set_floors(served.exchange.market, "cedar-solar", f"AZ -> {floor}", "Arizona pays more", ANN)


async def line_of(visitor: Visitor, query: str) -> str:
    """The id of the newest line that is found."""
    found = (await visitor.open(f"{AUDIT}.json?{query}")).fields["lines"]
    return str(found[0]["id"])


async def undo(visitor: Visitor, line: str) -> Page:
    later(visitor.served, 1)
    page = await visitor.open(f"{AUDIT}/{line}")
    return await visitor.send(f"{AUDIT}/{line}/undo", csrf=page.token, follow=False)


async def test_a_change_is_found_by_who_what_object_and_what_it_holds(served: Served) -> None:
    await change_floor(served, "14.00")
    later(served, 1)
    await block_sub_id(served.exchange.market, "cedar", "pop-19", "Bots", ANN)
    async with signed_in(served) as visitor:
        for query, found in (
            ("who=ann@operator.example", ["sub_id.blocked", "campaign.floors"]),
            ("what=Campaign floors", ["campaign.floors"]),
            ("what=campaign", ["campaign.floors"]),
            ("object=sub_id:cedar:pop-19", ["sub_id.blocked"]),
            ("object=sub_id", ["sub_id.blocked"]),
            ("ip=198.51.100.7&told=ARIZONA", ["campaign.floors"]),
            ("told=100%25", []),
            ("role=seller", []),
        ):
            told = (await visitor.open(f"{AUDIT}.json?{query}")).fields["lines"]
            assert found == [each["action"] for each in told], query
        page = await visitor.open(f"{AUDIT}?who=ann@operator.example")
        assert "campaign floors" in page.text and "198.51.100.7" in page.text
        assert 2 == len((await visitor.open(f"{AUDIT}.csv?who=ann@operator.example")).source.splitlines()) - 1


async def test_a_line_tells_each_field_before_and_after_and_its_place_in_the_chain(served: Served) -> None:
    await change_floor(served, "14.00")
    async with signed_in(served) as visitor:
        page = await visitor.open(f"{AUDIT}/{await line_of(visitor, 'what=campaign.floors')}")
        assert "AZ -> 14.00" in page.part("changes") and "Arizona pays more" in page.part("changes")
        assert "Puts version 1 of the campaign" in page.part("undo") and "floors" in page.part("undo")
        assert 404 == (await visitor.open(f"{AUDIT}/aud_nobody")).http_status


async def test_undo_puts_back_what_was_and_leaves_its_own_line_once(served: Served) -> None:
    market = served.exchange.market
    await change_floor(served, "14.00")
    async with signed_in(served) as visitor:
        line = await line_of(visitor, "what=campaign.floors")
        assert 303 == (await undo(visitor, line)).http_status
        assert () == market.deals.campaigns["cedar-solar"].floors
        assert 3 == market.deals.campaigns["cedar-solar"].version
        told = (await visitor.open(f"{AUDIT}.json?object=campaign:cedar-solar")).fields["lines"]
        assert "campaign.undone" == told[0]["action"] and line in told[0]["after"] and "127.0.0.1" == told[0]["ip"]
        again = await undo(visitor, line)
        assert 409 == again.http_status and "changed again since" in again.text
        assert 303 == (await undo(visitor, told[0]["id"])).http_status, "an undoing is undone as any change is"
        assert market.deals.campaigns["cedar-solar"].floors


async def test_only_the_last_change_is_undone_and_not_everything_can_be(served: Served) -> None:
    await change_floor(served, "14.00")
    async with signed_in(served) as visitor:
        first = await line_of(visitor, "what=campaign.floors")
        await change_floor(served, "15.00")
        assert 409 == (await undo(visitor, first)).http_status
        token = (await visitor.open("/console/users")).token
        await visitor.send("/console/users", csrf=token, email="ana@operator.example", role="analyst")
        let_in = await line_of(visitor, "what=user.added")
        assert "no setting that could be put back" in (await visitor.open(f"{AUDIT}/{let_in}")).part("undo")


async def test_a_sub_id_is_let_in_and_shut_out_again(served: Served) -> None:
    market = served.exchange.market
    await block_sub_id(market, "cedar", "pop-19", "Bots", ANN)
    later(served, 1)
    async with signed_in(served) as visitor:
        await undo(visitor, await line_of(visitor, "what=sub_id"))
        assert {} == dict(market.screening.blocks)
        later(served, 1)
        await undo(visitor, await line_of(visitor, "what=sub_id"))
        assert {("cedar", "pop-19"): "Bots"} == dict(market.screening.blocks)


async def test_an_analyst_reads_the_log_and_undoes_nothing(served: Served) -> None:
    await change_floor(served, "14.00")
    async with signed_in(served) as owner:
        token = (await owner.open("/console/users")).token
        await owner.send("/console/users", csrf=token, email="ana@operator.example", role="analyst")
        line = await line_of(owner, "what=campaign.floors")
    async with signed_in(served, "ana@operator.example") as visitor:
        assert "needs the role owner, admin or operator" in (await visitor.open(f"{AUDIT}/{line}")).part("undo")
        token = (await visitor.open("/console")).token
        refused = await visitor.send(f"{AUDIT}/{line}/undo", csrf=token, follow=False)
        assert 409 == refused.http_status and served.exchange.market.deals.campaigns["cedar-solar"].floors


def test_what_a_line_is_about_is_opened_where_it_is_shown(served: Served) -> None:
    patterns = [resource.canonical for resource in served.app.router.resources()]
    begun = {pattern.partition("{")[0].rstrip("/") for pattern in patterns}

    assert [] == [path for path in PAGES.values() if path.partition("{")[0].partition("?")[0].rstrip("/") not in begun]


async def test_a_pause_is_undone_and_put_back_as_long_as_it_was_meant_to_be(served: Served) -> None:
    market = served.exchange.market
    until = market.clock.now() + 3_600_000
    await pause_buyer(market, "acme", until, "CRM migration", ANN)
    async with signed_in(served) as visitor:
        await undo(visitor, await line_of(visitor, "what=buyer"))
        assert State.ACTIVE is market.deals.buyers["acme"].state
        await undo(visitor, await line_of(visitor, "what=buyer"))
        pause = market.deals.buyers["acme"].pause
        assert pause is not None and (until, "CRM migration") == (pause.until, pause.reason)
        resumed = await line_of(visitor, "what=buyer.resumed")
        later(served, 3_600)
        assert "changed again since" in (await visitor.open(f"{AUDIT}/{resumed}")).part("undo")
