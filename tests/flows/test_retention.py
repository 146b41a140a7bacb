"""Raw requests and wires are forgotten by their class: pings that led nowhere soon, everything else later."""

from __future__ import annotations

from exchange.flows.retain import forget
from tests.flows.lab import later, person, ping, post_on
from tests.market import Exchange, buying, selling

DAY = 86_400


async def test_a_ping_that_led_to_a_post_is_kept_as_long_as_the_post(either: Exchange) -> None:
    exchange = either
    await exchange.add(*selling("cedar"), *buying("acme"))
    led_on = await ping(exchange, person(1))
    await post_on(exchange, led_on, person(1))
    nowhere = await ping(exchange, person(2))
    assert "accepted" == nowhere["status"]

    later(exchange, 15 * DAY)
    await forget(exchange.market)
    assert ({"ping": True, "post": True}, True) == await kept(exchange, led_on["ping_id"])
    assert ({"ping": False}, False) == await kept(exchange, nowhere["ping_id"])

    later(exchange, 166 * DAY)
    await forget(exchange.market)
    assert ({"ping": False, "post": False}, False) == await kept(exchange, led_on["ping_id"])
    assert [] == await exchange.rows("SELECT id FROM requests WHERE retention IN ('ping', 'lead')")
    assert 3 == await exchange.count("trails")


async def kept(exchange: Exchange, ping_id: object) -> tuple[dict[str, bool], bool]:
    """By endpoint, whether the raw request is there; and whether a wire is."""
    lead = f"ld_{str(ping_id)[4:]}"
    requests = await exchange.rows("SELECT endpoint, raw FROM requests WHERE lead_id = :lead", lead=lead)
    wires = await exchange.rows("SELECT id FROM wires WHERE lead_id = :lead", lead=lead)
    return {row["endpoint"]: row["raw"] is not None for row in requests}, bool(wires)
