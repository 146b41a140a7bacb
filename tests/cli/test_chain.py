"""Two exchanges, each its own server, of which one buys of the other: refunds go up, decisions come down."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientSession, ClientTimeout, web

from exchange.model.party import Strategy, Tier
from tests.cli.home import Home, LeadBuyer, command, environment
from tests.cli.test_serve import free_port
from tests.market import OPERATOR_KEY, buyer_key, buying, consumer, live_key, operator, selling, usd
from tests.processes import LIFE_S, started

FAR = """\
connection: far
title: An exchange further on
connector: json_http
ping:
  url: {address}/api/v1/ping
  headers: {{Authorization: {{join: [{{constant: Bearer}}, {{secret: far_key}}]}}}}
  body: {{zip: zip, state: state, monthly_bill: monthly_bill, homeowner: homeowner}}
  reading:
    outcomes:
      - {{means: accepted, when: {{where: "json:status", equals: accepted}}}}
      - {{means: no_bid, when: {{where: "json:status", in: [unsold, duplicate, rejected, invalid]}}}}
    carries: {{price: "json:price", currency: "json:currency", reference: "json:ping_id", reason: "json:reason"}}
post:
  url: {address}/api/v1/post
  headers: {{Authorization: {{join: [{{constant: Bearer}}, {{secret: far_key}}]}}}}
  body:
    ping_id: {{term: ping_reference}}
    seller_lead_id: {{term: reference}}
    zip: zip
    state: state
    monthly_bill: monthly_bill
    homeowner: homeowner
    first_name: first_name
    last_name: last_name
    email: email
    phone: phone
    address: address
    tcpa_consent: tcpa_consent
  reading:
    outcomes:
      - {{means: accepted, when: {{where: "json:status", equals: accepted}}}}
      - {{means: queued, when: {{where: "json:status", equals: queued}}}}
      - {{means: duplicate, when: {{where: "json:status", equals: duplicate}}}}
      - {{means: rejected, when: {{where: "json:status", in: [unsold, rejected, invalid]}}}}
    carries: {{price: "json:price", currency: "json:currency", reference: "json:lead_id", reason: "json:reason"}}
dispositions:
  hook: {{address: far_hook, signature: {{secret: far_sign, standard: true}}}}
  lead: data.seller_lead_id
  word: data.disposition
  returns:
    when: type == 'lead.return_requested' || contains(['approved', 'partial'], data.status)
    withdrawn: contains(['taken_back', 'declined'], data.status)
    reason: data.reason
    id: data.return_id
    amount: data.returned_amount
"""
"""What the nearer exchange keeps of the further one."""
SLOW = {"timeout_ms": 20_000, "tiers": (Tier(1, "Everybody", Strategy.HIGHEST_PRICE, ping_ms=10_000),)}
RETURNED, DECIDED = "lead.return_requested", "lead.return_decided"


@dataclass
class Listener:
    """What the people of an exchange are told by its webhooks, one after another."""

    port: int = field(default_factory=free_port)
    told: asyncio.Queue[tuple[str, dict[str, Any]]] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def take(self, request: web.Request) -> web.Response:
        event = orjson.loads(await request.read())
        await self.told.put((event["type"], event["data"]))
        return web.Response(status=204)

    async def hears(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            heard, data = await self.told.get()
        assert kind == heard, data
        return data


@asynccontextmanager
async def listening(people: Listener) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/hook", people.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", people.port).start()
        yield
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Node:
    """One of the two, and where it answers."""

    home: Home
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, ends: AsyncExitStack, secrets: Mapping[str, str]) -> asyncio.subprocess.Process:
        words = command("--data", self.home.folder, "serve", "--port", str(self.port))
        node = await ends.enter_async_context(started(*words, env={**environment(), **secrets}))
        assert node.stdout is not None
        async for line in node.stdout:
            if b"Ready in" in line:
                return node
        raise AssertionError("it did not start")

    async def ask(self, session: ClientSession, path: str, key: str, fields: Mapping[str, str] | None = None) -> Any:
        """Its answer to a call that must go well."""
        headers, method = {"X-Api-Key": key}, "GET" if fields is None else "POST"
        async with session.request(method, f"{self.address}/api/v1/{path}", json=fields, headers=headers) as heard:
            told = orjson.loads(await heard.read())
            assert heard.status == 200, told
            return told

    def holds(self) -> dict[str, str]:
        """What each account holds, in USD."""
        told = self.home.run("--json", "ledger", "balances")
        assert told.code == 0, told.err
        return {each["account"]: each["posted"] for each in told.json}


def near_and_far(template: Path, folder: Path, lead_buyer: LeadBuyer) -> tuple[Node, Node]:
    """Cedar sells to the nearer exchange, which sells to the further one, where Acme buys each for 20 dollars."""
    near, far = (Node(Home(shutil.copytree(template, folder / name)), free_port()) for name in ("near", "far"))
    near.home.store(selling("cedar", **SLOW), buying("far", post_ms=20_000), operator())
    place = near.home.folder / "config" / "connections" / "far"
    place.mkdir()
    (place / "connection.yaml").write_text(FAR.format(address=far.address), "utf-8")
    far.home.connect("acme", lead_buyer.port)
    far.home.store(selling("near", **SLOW), buying("acme", price=usd("20"), post_ms=20_000), operator())
    return near, far


def hooked(node: Node, url: str, *words: str) -> str:
    """The secret of a new webhook."""
    made = node.home.run("--json", "webhook", "add", url, *words)
    assert made.code == 0, made.err
    return str(made.json["secret"])


def test_a_refund_goes_up_the_chain_its_decision_comes_down_and_both_books_agree(
    template: Path, tmp_path: Path, lead_buyer: LeadBuyer
) -> None:
    near, far = near_and_far(template, tmp_path, lead_buyer)
    people = Listener()
    sign = hooked(far, f"{near.address}/told/far/h00k", "--seller", "near", "--events", f"{RETURNED} {DECIDED}")
    hooked(near, people.url, "--seller", "cedar", "--events", RETURNED)
    hooked(near, people.url, "--buyer", "far", "--events", DECIDED)
    secrets = {"FAR_KEY": live_key("near"), "FAR_HOOK": "h00k", "FAR_SIGN": sign}
    asyncio.run(three_returns(near, far, lead_buyer, people, secrets))

    above, below = near.holds(), far.holds()
    assert ("972.00", "28.00") == (above["buyer:far:prepaid"], below["seller:near:payable"])
    assert ("22.40", "965.00") == (above["seller:cedar:payable"], below["buyer:acme:prepaid"])
    assert ("5.60", "7.00") == (above["house:margin"], below["house:margin"])
    for node in (near, far):
        verified = node.home.run("ledger", "verify")
        assert 0 == verified.code, verified.out


async def three_returns(
    near: Node, far: Node, lead_buyer: LeadBuyer, people: Listener, secrets: Mapping[str, str]
) -> None:
    """Both serve, sell three leads down the chain, and take them back, or not, or in part."""
    given = {f"EXCHANGE_SECRET_{name}": value for name, value in secrets.items()}
    async with (
        asyncio.timeout(LIFE_S),
        AsyncExitStack() as ends,
        ClientSession(timeout=ClientTimeout(60)) as session,
        listening(people),
    ):
        nodes = await asyncio.gather(far.serve(ends, {}), near.serve(ends, given))
        for number in (1, 2, 3):
            answer = await near.ask(session, "pingpost", live_key("cedar"), consumer(number))
            assert ("accepted", "12.80") == (answer["status"], answer.get("price")), answer
        declined, approved, partial = [post["id"] for post in lead_buyer.posts]
        await decided_above_first(near, far, session, people, declined)
        await decided_below_first(near, far, session, people, approved)
        await granted_in_part(near, far, session, people, partial)
        for node in nodes:
            node.terminate()
            assert 0 == await node.wait()


async def decided_above_first(near: Node, far: Node, session: ClientSession, people: Listener, reference: str) -> None:
    """Asked below, declined above: the answer reaches those below before they decide."""
    asked = await far.ask(session, f"buyer/leads/{reference}/return", buyer_key("acme"), {"reason": "language"})
    above = await people.hears(RETURNED)
    why = {"decision": "decline", "why": "The form was in English."}
    await near.ask(session, f"returns/{above['return_id']}/decide", OPERATOR_KEY, why)
    told = await people.hears(DECIDED)
    assert (asked["return_id"], "declined") == (told["your_return_id"], told["status"])
    reply = {"message": f"{told['status']}: {told['why']}", "your_return_id": told["return_id"]}
    replied = await far.ask(session, f"returns/{told['your_return_id']}/reply", live_key("near"), reply)
    assert above["return_id"] == replied["your_return_id"]
    await far.ask(session, f"returns/{asked['return_id']}/decide", OPERATOR_KEY, {**why, "why": told["why"]})


async def decided_below_first(near: Node, far: Node, session: ClientSession, people: Listener, reference: str) -> None:
    """Granted below, it is asked above; granted there too, it is worth the same to the cent."""
    asked = await far.ask(session, f"buyer/leads/{reference}/return", buyer_key("acme"), {"reason": "language"})
    granted = {"decision": "approve"}
    below = await far.ask(session, f"returns/{asked['return_id']}/decide", OPERATOR_KEY, granted)
    above = await people.hears(RETURNED)
    await near.ask(session, f"returns/{above['return_id']}/decide", OPERATOR_KEY, granted)
    told = await people.hears(DECIDED)
    assert (asked["return_id"], "approved") == (told["your_return_id"], told["status"])
    mine = await far.ask(session, f"returns/{below['return_id']}", live_key("near"))
    assert "16.00" == told["credit"] == mine["returned_amount"]


async def granted_in_part(near: Node, far: Node, session: ClientSession, people: Listener, reference: str) -> None:
    """A quarter of the price below is a quarter of it above: approved there, it is that and no more."""
    asked = await far.ask(session, f"buyer/leads/{reference}/return", buyer_key("acme"), {"reason": "language"})
    above = await people.hears(RETURNED)
    part = {"decision": "part", "credit": "5.00"}
    below = await far.ask(session, f"returns/{asked['return_id']}/decide", OPERATOR_KEY, part)
    assert "4.00" == below["returned_amount"]
    async with asyncio.timeout(30):
        while "asked_amount" not in (mine := await near.ask(session, f"returns/{above['return_id']}", OPERATOR_KEY)):
            continue  # the news of it is on its way
    assert "4.00" == mine["asked_amount"]
    await near.ask(session, f"returns/{above['return_id']}/decide", OPERATOR_KEY, {"decision": "approve"})
    told = await people.hears(DECIDED)
    assert ("partial", "4.00") == (told["status"], told["credit"])
