"""The exchange dies at every point of a sale, starts again, and every promise holds.

The points are before and after every durable write and every word with a buyer. After each death: a new process takes
up what was left, the seller sends the same request again, the unclear deliveries are settled as the buyers know it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from exchange.flows.recover import recover
from exchange.flows.resell import resell
from exchange.flows.settle import Decision, settle
from exchange.intake.encode import encode
from exchange.model.lead import Kind, Submission
from exchange.model.party import OnUnclear, SaleMode
from exchange.model.wire import Lost, Reply
from exchange.worker import run_jobs, settle_silent
from tests.flows.doom import Crash, doomed, started_again
from tests.flows.lab import HUNG_UP, OPERATOR, Heard, later, person, ping, post, send, submission
from tests.flows.promises import broken
from tests.market import REFUSED, SOLD, Exchange, buying, selling

MOST_POINTS = 60


@dataclass(frozen=True)
class Scene:
    """A market and a request. `answers` is what each buyer says to a post."""

    kind: Kind
    answers: dict[str, Reply | Lost]
    slots: int = 1
    on_ping: bool = False
    tokens: bool = False  # a message comes before the one that delivers

    @property
    def buyers(self) -> tuple[str, ...]:
        return tuple(self.answers)


SCENES = {
    "ping": Scene(Kind.PING, {"acme": SOLD}),
    "post": Scene(Kind.POST, {"acme": SOLD}),
    "post on a ping": Scene(Kind.POST, {"acme": SOLD, "birch": SOLD}, on_ping=True),
    "ping and post in one": Scene(Kind.DIRECT, {"acme": SOLD}),
    "post after a token": Scene(Kind.POST, {"acme": SOLD}, tokens=True),
    "fallback": Scene(Kind.POST, {"acme": REFUSED, "birch": SOLD}, on_ping=True),
    "nobody takes it": Scene(Kind.POST, {"acme": REFUSED, "birch": REFUSED}),
    "unclear": Scene(Kind.POST, {"acme": HUNG_UP, "birch": SOLD}),
    "shared by three": Scene(Kind.POST, {"acme": SOLD, "birch": SOLD, "cobalt": SOLD, "delta": SOLD}, slots=3),
    "shared on a ping, with a refusal": Scene(
        Kind.POST, {"acme": SOLD, "birch": REFUSED, "cobalt": SOLD, "delta": SOLD}, slots=3, on_ping=True
    ),
    "shared, with a silence": Scene(Kind.POST, {"acme": SOLD, "birch": HUNG_UP, "cobalt": SOLD}, slots=2),
}


ON_POSTGRES = ("fallback", "shared on a ping, with a refusal")


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
async def test_whenever_it_dies_nothing_is_lost_and_nothing_is_sold_twice(exchange: Exchange, scene: Scene) -> None:
    await _dies_everywhere(exchange, scene)


@pytest.mark.parametrize("name", ON_POSTGRES)
async def test_whenever_it_dies_on_postgres(on_postgres: Exchange, name: str) -> None:
    await _dies_everywhere(on_postgres, SCENES[name])


async def _dies_everywhere(opened: Exchange, scene: Scene) -> None:
    exchange = await _set(opened, scene)
    for at in range(1, MOST_POINTS):
        request = await _request(exchange, scene, at)
        survived = not await _dies(send, doomed(exchange, at), request)
        exchange = await started_again(exchange)
        await recover(exchange.market, exchange.market.clock.now() + 1, encode)
        assert [] == await broken(exchange.market), f"after point {at}"
        await _check_repeat(exchange, scene, request)
        await _settle_truly(exchange, scene)
        await _check_buyers(exchange, scene, at)
        if survived:
            break
        later(exchange, 1)
    assert survived and at > 3


async def _set(exchange: Exchange, scene: Scene) -> Exchange:
    mode = SaleMode.EXCLUSIVE if scene.slots == 1 else SaleMode.SHARED
    for place, (name, answer) in enumerate(scene.answers.items()):
        await exchange.add(*buying(name, "9000", sale_mode=mode))
        exchange.buyers.bids(name, f"{30 - place}.00")
        exchange.buyers.answers_posts(name, answer)
    await exchange.add(*selling("cedar", slots=scene.slots))
    if scene.tokens:
        deals = exchange.market.deals
        connections = {
            name: replace(each, several_messages=name in scene.answers)
            for name, each in deals.shapes.connections.items()
        }
        exchange.market.live.deals = replace(deals, shapes=replace(deals.shapes, connections=connections))
    return exchange


async def _request(exchange: Exchange, scene: Scene, at: int) -> Submission:
    fields = person(at)
    if scene.on_ping:
        fields["ping_id"] = (await ping(exchange))["ping_id"]
    return submission(exchange, scene.kind, _pinged(fields) if scene.kind is Kind.PING else fields, key=f"k{at}")


def _pinged(fields: dict[str, str]) -> dict[str, str]:
    return {name: fields[name] for name in ("zip", "state", "monthly_bill", "homeowner")}


async def _dies(do: Callable[..., Awaitable[Any]], exchange: Exchange, *args: Any) -> bool:
    try:
        await do(exchange, *args)
    except Crash:
        return True
    return False


async def _check_repeat(exchange: Exchange, scene: Scene, request: Submission) -> None:
    """Sent again with its key: the answer that stands, or a first one."""
    market = exchange.market
    again = request._replace(id=market.ids.new("req", market.clock.now()))
    first, second = (
        await send(exchange, again),
        await send(exchange, again._replace(id=market.ids.new("req", market.clock.now()))),
    )
    assert first.body == second.body and second.replayed
    expected = {"accepted", "queued"} if SOLD in scene.answers.values() else {"unsold"}
    if HUNG_UP in scene.answers.values():
        expected |= {"queued"}
    if Kind.PING is scene.kind:
        expected = {"accepted"}
    assert first["status"] in expected | {"queued"}, first.fields


async def _settle_truly(exchange: Exchange, scene: Scene) -> None:
    """Every unclear delivery is settled as its buyer knows it."""
    sold = {post["id"] for name in scene.buyers if scene.answers[name] is SOLD for post in exchange.buyers.posts(name)}
    for row in await exchange.rows("SELECT id, reference FROM attempts WHERE state = 'unclear'"):
        await settle(exchange.market, row["id"], Decision(row["reference"] in sold, "asked"), OPERATOR)


async def _check_buyers(exchange: Exchange, scene: Scene, at: int) -> None:
    """What each buyer took is what it paid for, and the lead was given to no more than could have it."""
    assert [] == await broken(exchange.market), f"after settling point {at}"
    phone = str(person(at)["phone"])
    took = [name for name in scene.buyers if scene.answers[name] is SOLD for post in _about(exchange, name, phone)]
    assert len(took) <= scene.slots, f"point {at}: {took} all took it"
    assert [] == [name for name, times in Counter(took).items() if times > 1]
    paid = await exchange.rows(
        "SELECT s.buyer_id FROM sales s JOIN leads l ON l.id = s.lead_id WHERE s.phone_index = :phone",
        phone=exchange.market.vault.index("phone", f"+1{phone}"),
    )
    assert sorted(took) == sorted(row["buyer_id"] for row in paid), f"point {at}"


def _about(exchange: Exchange, name: str, phone: str) -> list[dict[str, Any]]:
    return [post for post in exchange.buyers.posts(name) if phone in post["phone"]]


async def test_whenever_it_dies_while_it_settles_a_delivery_is_settled_once(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", "9000", on_unclear=OnUnclear.ASSUME_ACCEPTED), *selling("cedar"))
    exchange.buyers.answers_posts("acme", HUNG_UP)
    for at in range(1, MOST_POINTS):
        await post(exchange, person(at))
        later(exchange, 86_400)
        died = await _dies(_by_rule, doomed(exchange, at))
        assert [] == await broken(exchange.market), f"after point {at}"
        await settle_silent(exchange.market)
        assert at == await exchange.count("sales")
        if not died:
            break
    assert at > 3


async def _by_rule(exchange: Exchange) -> None:
    await settle_silent(exchange.market)


async def test_whenever_it_dies_while_it_resells_the_lead_is_resold_or_unclear(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", "9000", on_unclear=OnUnclear.ASSUME_REJECTED), *buying("birch", "9000"))
    await exchange.add(*selling("cedar"))
    exchange.buyers.bids("birch", "20.00")
    exchange.buyers.answers_posts("acme", HUNG_UP)
    for at in range(1, MOST_POINTS):
        answer = await post(exchange, person(at))
        later(exchange, 86_400)
        await settle_silent(exchange.market)
        died = await _dies(_resell, doomed(exchange, at), answer)
        await recover(exchange.market, exchange.market.clock.now() + 1, encode)
        later(exchange, 120)
        while await run_jobs(exchange.market):
            pass
        assert [] == await broken(exchange.market), f"after point {at}"
        assert len(_about(exchange, "birch", person(at)["phone"])) <= 1
        states = await exchange.rows("SELECT state FROM leads WHERE id = :id", id=answer["lead_id"])
        assert states[0]["state"] in ("sold", "unclear")
        if not died:
            break
    assert at > 3


async def _resell(exchange: Exchange, answer: Heard) -> None:
    await resell(exchange.market, {"lead_id": answer["lead_id"]})


async def test_a_key_whose_request_died_waits_until_it_is_taken_up(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    request = submission(exchange, Kind.POST, person(1), key="k1")
    await _dies(send, doomed(exchange, 3), request)
    exchange = await started_again(exchange)
    meanwhile = await post(exchange, person(1), key="k1")
    await recover(exchange.market, exchange.market.clock.now() + 1, encode)
    after = await post(exchange, person(1), key="k1")

    assert [("queued", "still_running"), ("accepted", None)] == [meanwhile.told, after.told]


async def test_one_that_cannot_be_taken_up_keeps_nothing_else_waiting(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    for number in (1, 2):
        await _dies(send, doomed(exchange, 6), submission(exchange, Kind.POST, person(number)))
        later(exchange, 1)
    first = (await exchange.rows("SELECT id FROM requests ORDER BY received_at"))[0]["id"]

    def fails_for_the_first(fields: Mapping[str, Any], answer_format: str, _: str = "") -> tuple[bytes, str]:
        if fields["request_id"] == first:
            raise ValueError("this one cannot be written")
        return encode(fields, answer_format)

    now = exchange.market.clock.now() + 1
    assert 1 == await recover(exchange.market, now, fails_for_the_first)
    assert 1 == await recover(exchange.market, now, encode)


async def test_a_post_without_a_key_is_free_again_once_what_a_death_left_of_it_is_settled(either: Exchange) -> None:
    """Its body is its key only while it is at work."""
    await either.add(*buying("acme"), *selling("cedar"))
    sold = Counter[str]()
    for at in range(1, MOST_POINTS):
        request = submission(either, Kind.POST, person(at))
        try:
            await send(doomed(either, at), request)
            break
        except Crash:
            exchange = await started_again(either)
        await recover(exchange.market, exchange.market.clock.now() + 1, encode)
        for attempt in await exchange.rows("SELECT id FROM attempts WHERE state = 'unclear'"):
            await settle(exchange.market, attempt["id"], Decision(False, "They have no such lead."), OPERATOR)
        if not await exchange.rows("SELECT id FROM sales WHERE lead_id = :id", id=f"ld_{request.id[4:]}"):
            sold[(await post(exchange, person(at)))["status"]] += 1

    assert ["accepted"] == list(sold)
    assert 4 < sold["accepted"]
