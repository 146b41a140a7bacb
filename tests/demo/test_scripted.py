"""Without sockets the demo's buyers say exactly what they say over HTTP."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from exchange.clock import SimulatedClock
from exchange.courier.scripted import Delay
from exchange.demo.buyers import DemoBuyers
from exchange.demo.personalities import Personality
from exchange.demo.scripted import CastScript
from exchange.model.wire import (
    EmailMessage,
    FaxMessage,
    FileMessage,
    HttpMessage,
    Loss,
    Lost,
    Message,
    PhoneAccount,
    PhoneMessage,
    Place,
    Reply,
)

CALM = {"median": 0, "p95": 0}


def somebody(dialect: str, **changed: object) -> Personality:
    values: dict[str, object] = {
        "name": dialect,
        "port": 8111,
        "dialect": dialect,
        "reference_field": "order",
        "ping_field": "ping_id",
        "prefix": "X-",
        "bid_cents_least": 1_000,
        "bid_cents_most": 3_000,
        "bid_percent": 70,
        "accept_percent": 70,
        "latency_ms": CALM,
    }
    return Personality.model_validate(values | changed)


def message(stage: str, order: str, port: int = 8111) -> HttpMessage:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return HttpMessage("POST", f"http://127.0.0.1:{port}/{stage}", headers, f"order={order}".encode())


@pytest.mark.parametrize("dialect", ["boberdoo", "phonexa", "leadexec", "px", "cake", "pairs"])
async def test_the_script_and_the_server_agree(dialect: str) -> None:
    script = CastScript([somebody(dialect)], seed=4)
    server = DemoBuyers([somebody(dialect)], seed=4, clock=SimulatedClock())
    await server.start(any_port=True)
    async with ClientSession() as session:
        for stage, order in [(stage, f"ref-{n}") for n in range(6) for stage in ("ping", "post", "ask")]:
            said = script(message(stage, order))
            over_http = await session.post(f"{server.addresses[dialect]}/{stage}", data={"order": order})
            assert isinstance(said, Delay) and isinstance(said.then, Reply)
            assert said.then.body == await over_http.read()
    await server.close()

    assert script.taken(dialect) == server.taken(dialect)


def test_a_dropped_post_is_lost_and_taken_and_a_silent_one_times_out() -> None:
    drops = CastScript([somebody("pairs", accept_percent=100, lost_percent=100)], seed=4)
    silent = CastScript([somebody("pairs", accept_percent=100, silent_percent=100)], seed=4)

    for script, why in ((drops, Loss.RESET), (silent, Loss.TIMEOUT)):
        said = script(message("post", "ref-1"))
        assert isinstance(said, Delay) and isinstance(said.then, Lost)
        assert said.then.why is why
        assert script.taken("pairs") == {"ref-1"}


def test_an_address_of_nobody_cannot_be_connected_to() -> None:
    said = CastScript([somebody("pairs")], seed=4)(message("ping", "ref-1", port=9999))

    assert isinstance(said, Lost) and said.why is Loss.CONNECT


@pytest.mark.parametrize(
    ("other", "status"),
    [
        (EmailMessage("a@a.example", ("b@b.example",), "s", "t", "<1@a>"), 250),
        (FileMessage(Place("ftps", "files.example", 21, "in"), "a.csv", b""), 226),
    ],
)
def test_what_is_not_http_is_taken_by_whoever_it_is_for(other: Message, status: int) -> None:
    said = CastScript([], seed=4)(other)

    assert isinstance(said, Delay) and Reply(status, {}, b"taken") == said.then


def test_whoever_faxes_says_how_it_knows_each_fax() -> None:
    pages = (b"%PDF one", b"%PDF two")
    via = HttpMessage("POST", "https://fax.example/")
    said = [CastScript([], seed=4)(FaxMessage("+16029580142", 1, page, via)) for page in pages]

    told = [each.then.body for each in said if isinstance(each, Delay) and isinstance(each.then, Reply)]
    assert (2, True) == (len(set(told)), all(body.startswith(b'{"data":{"id":"past-') for body in told))


def test_calls_and_texts_are_taken_each_under_a_number_of_its_own() -> None:
    account = PhoneAccount("https://p.example", "u", "p")
    call = PhoneMessage("call", account, "+16029580142", "+16029580100", "one")
    said = [CastScript([], seed=4)(each) for each in (call, call._replace(text="two"), call._replace(kind="sms"))]

    replies = [each.then for each in said if isinstance(each, Delay)]
    assert [201, 201, 201] == [each.status for each in replies if isinstance(each, Reply)]
    assert 3 == len({each.body for each in replies if isinstance(each, Reply)})


def test_in_the_made_past_a_buyer_is_down_for_a_while_and_well_before_and_after() -> None:
    begins = 1_795_000_000_000
    clock = SimulatedClock(begins - 700_000)
    script = CastScript([somebody("pairs", troubles=({"after_s": -600, "for_s": 60},))], 4, clock, begins)

    def answers(at: float) -> bool:
        clock.set(begins + int(at * 1000))
        said = script(message("ping", "ref-1"))
        return isinstance(said, Delay) and isinstance(said.then, Reply)

    assert [True, False, False, True, True] == [answers(at) for at in (-601.0, -600.0, -541.0, -540.0, 1.0)]
