"""Signs that a buyer shaves, out of real posts, returns and what came after, on both engines."""

from __future__ import annotations

from exchange.flows.quality import keep_quality
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.shaving import read_shaving
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.returns import ReturnState
from exchange.stages.shaving import Known, Share, Shaving
from tests.flows.lab import OPERATOR, later, post
from tests.flows.shaved import ACME, DAY_S, POSTS, sent, shaved
from tests.market import REFUSED, SOLD, Exchange, buying, consumer, selling


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


async def test_a_sub_id_that_one_buyer_refuses_is_told_beside_its_seller(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", "90000"), *buying("birch", "90000"))
    either.buyers.bids("acme", "31.00")
    either.buyers.bids("birch", "30.00")
    for week, answer in enumerate((SOLD, REFUSED)):
        for sub_id, posts, word in (("pop", POSTS, answer), ("mail", 5, SOLD)):
            either.buyers.answers_posts("acme", word)
            for number in range(posts):
                numbered = consumer((week * 100 + number) * 7 + (sub_id == "mail"))
                assert "accepted" == (await post(either, {**numbered, "sub_id1": sub_id}))["status"]
        later(either, 14 * DAY_S if not week else 3_600)
        await keep_quality(either.market)
    found = {(each.buyer_id, each.seller_id, each.sub_id): each for each in (await read(either)).falls}
    assert {("acme", "cedar", "pop"), ("acme", "cedar", None), ("acme", "", None)} == found.keys() - {
        key for key in found if key[0] == "birch"
    }
    pop = found["acme", "cedar", "pop"]
    assert (Share(0, POSTS), Share(POSTS, POSTS), Share(POSTS, POSTS)) == (pop.now, pop.before, pop.others_now)
    assert pop.fell and pop.alone and Share(5, POSTS + 5) == found["acme", "cedar", None].now
    later(either, 40 * DAY_S)
    await keep_quality(either.market)
    assert 0 == await either.count("post_source_days")


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
