"""Signs that a buyer shaves, out of real posts, returns and what came after, on both engines."""

from __future__ import annotations

from exchange.flows.quality import keep_quality
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.shaving import read_shaving
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.returns import ReturnState
from exchange.stages.shaving import Known, Share, Shaving
from tests.flows.lab import OPERATOR, later
from tests.flows.shaved import ACME, DAY_S, POSTS, sent, shaved
from tests.market import Exchange


async def read(exchange: Exchange, actor: Actor = OPERATOR, buyer_id: str = "") -> Shaving:
    return await read_shaving(exchange.market.db, actor, "solar", exchange.market.clock.now(), buyer_id)


async def test_a_week_without_yes_a_duplicate_of_nobody_and_returns_that_sell_again(either: Exchange) -> None:
    leads = await shaved(either)
    found = await read(either)
    first = next(each for each in found.falls if each.seller_id == "cedar" and each.buyer_id == "acme")
    assert (Share(0, POSTS), Share(POSTS, POSTS)) == (first.now, first.before)
    assert first.fell and first.alone and Share(POSTS, POSTS) == first.others_now
    acme = found.buyers[0]
    assert (Share(3, POSTS * 2 + 3), Share(2, 3), 1) == (acme.said, acme.unoffered, acme.nowhere)
    assert (Share(2, 4), 1, 1) == (acme.again, acme.sold, acme.came)
    said = {each.lead_id: each.known for each in found.duplicates}
    assert {leads["elsewhere"]: Known.ELSEWHERE, leads["nowhere"]: Known.NOWHERE} == said
    again = {each.lead_id: (each.again_id, each.again_seller, each.sold_to) for each in found.returns}
    assert again == {
        leads["taken_0"]: (leads["sold_again"], "elm", "birch"),
        leads["taken_1"]: (leads["came_again"], "elm", None),
    }
    birch = next(each for each in found.buyers if each.buyer_id == "birch")
    assert (0, Share(0, 0)) == (birch.said.hits, birch.again)

    own = await read(either, buyer_id="acme")
    assert (acme,) == own.buyers and {"acme"} == {each.buyer_id for each in own.falls}
    assert first == next(each for each in own.falls if each.seller_id == "cedar")
    assert [(), ()] == [
        (await read(either, buyer_id="birch")).duplicates,
        (await read(either, buyer_id="birch")).returns,
    ]
    for nobody in (ACME, Actor(Role.SELLER, "cedar", "cedar")):
        assert Shaving() == await read(either, nobody)
    assert found == await read(either, SYSTEM)


async def test_what_is_declined_late_or_over_is_no_sign(either: Exchange) -> None:
    leads = await shaved(either)
    returns = await either.rows("SELECT id FROM return_requests WHERE lead_id = :id", id=leads["taken_0"])
    await decide_return(either.market, returns[0]["id"], Choice(ReturnState.DECLINED, "She was reached"), OPERATOR)
    declined = await read(either)
    assert [leads["taken_1"]] == [each.lead_id for each in declined.returns]

    later(either, 47 * DAY_S)  # 61 after the return of the fourth
    await sent(either, 3, "elm")
    await keep_quality(either.market)
    late = await read(either)
    assert [leads["taken_1"]] == [each.lead_id for each in late.returns] and () == late.duplicates
    assert not any(each.judged for each in late.falls)
    later(either, 30 * DAY_S)
    assert () == (await read(either)).returns
