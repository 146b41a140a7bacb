"""The demo's buyers: real HTTP servers on 127.0.0.1, one port each, answering pings, posts and questions.

They read form, JSON, XML and SOAP bodies and answer in their dialect. `sleep` comes from the clock handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from lxml import etree

from exchange.clock import Clock
from exchange.demo.dialects import DIALECTS, Answer, Verdict, Written
from exchange.demo.personalities import Personality, Reaction, react

HOST = "127.0.0.1"
BODY_BYTES = 256 * 1024
SILENCE_SECONDS = 30.0  # longer than anybody waits for an answer
PINGS_KEPT = 50_000  # prices given and not yet used, per buyer


@dataclass(slots=True)
class Memory:
    """What one buyer remembers: the price of each ping by its own id, and what it did with each lead it was sent."""

    priced: dict[str, int] = field(default_factory=dict)
    posted: dict[str, Answer] = field(default_factory=dict)
    pings: int = 0
    posts: int = 0

    def taken(self) -> frozenset[str]:
        return frozenset(token for token, answer in self.posted.items() if answer.verdict is Verdict.YES)


class DemoBuyers:
    """All buyers of a cast. `addresses` are known after `start`; `taken` says which leads a buyer believes to own."""

    def __init__(self, cast: Sequence[Personality], seed: int, clock: Clock, *, hurry: bool = False) -> None:
        """`hurry` answers at once, for replays whose clock is not the wall's."""
        self._cast = tuple(cast)
        self._seed, self._clock, self._hurry = seed, clock, hurry
        self._memories = {who.name: Memory() for who in self._cast}
        self._runners: list[web.AppRunner] = []
        self._began: float | None = None
        self.addresses: dict[str, str] = {}

    async def start(self, *, any_port: bool = False) -> Mapping[int, int]:
        """Listen. `any_port` takes free ports instead of the cast's. Returns the real port by the cast's port."""
        ports: dict[int, int] = {}
        for who in self._cast:
            runner = web.AppRunner(self._application(who), access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            self._runners.append(runner)
            await web.TCPSite(runner, HOST, 0 if any_port else who.port).start()
            port = runner.addresses[0][1]
            self.addresses[who.name] = f"http://{HOST}:{port}"
            ports[who.port] = port
        return ports

    def begin(self) -> None:
        """From now on their troubles and moods come at their seconds. Before, all are as they usually are."""
        self._began = self._clock.monotonic()

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    def taken(self, name: str) -> frozenset[str]:
        """References of the leads this buyer accepted, answered or not."""
        return self._memories[name].taken()

    def asked(self, name: str) -> tuple[int, int]:
        """Pings and posts this buyer got."""
        memory = self._memories[name]
        return memory.pings, memory.posts

    def _application(self, who: Personality) -> web.Application:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(who, request)

        app = web.Application(client_max_size=BODY_BYTES)
        for stage in ("ping", "post", "ask"):
            app.router.add_post(f"/{stage}", answer)
            app.router.add_get(f"/{stage}", answer)
        return app

    async def _answer(self, who: Personality, request: web.Request) -> web.StreamResponse:
        stage = request.path.removeprefix("/")
        fields = read_fields(request.content_type, await request.read()) | dict(request.query)
        running_s = self._clock.monotonic() - self._began if self._began is not None else 0.0
        reaction, answer = decide(who, self._memories[who.name], self._seed, stage, fields, running_s)
        if stage != "ask" and (reaction.drops or not await self._wait(reaction)):
            _hang_up(request)
        return _respond(DIALECTS[who.dialect](answer))

    async def _wait(self, reaction: Reaction) -> bool:
        """Take the time this answer takes; False when it never comes."""
        if not self._hurry:
            await self._clock.sleep(reaction.latency_ms / 1000 if reaction.answers else SILENCE_SECONDS)
        return reaction.answers


def decide(
    who: Personality, memory: Memory, seed: int, stage: str, fields: Mapping[str, str], running_s: float
) -> tuple[Reaction, Answer]:
    """What a buyer does with one request (stage ping, post or ask) and what it says, if it says anything."""
    sent = {name.lower(): text for name, text in fields.items()}
    token = sent.get(who.reference_field.lower()) or sent.get(who.ping_field.lower()) or stage
    reaction = react(who, seed, stage, token, running_s)
    if stage == "ask":
        return reaction, _recall(memory, token)
    return reaction, _price(who, memory, reaction) if stage == "ping" else _take(who, memory, reaction, token, sent)


def _price(who: Personality, memory: Memory, reaction: Reaction) -> Answer:
    memory.pings += 1
    if not reaction.cents:
        no = Verdict.HELD if reaction.odd else Verdict.NO
        return Answer("ping", no, reaction.reference, "0.00", reaction.reason)
    if len(memory.priced) >= PINGS_KEPT:
        del memory.priced[next(iter(memory.priced))]
    memory.priced[reaction.reference] = reaction.cents
    brands = tuple((b.id, b.name, _decimal(reaction.cents * b.share_percent // 100)) for b in who.brands)
    return Answer("ping", Verdict.YES, reaction.reference, _decimal(reaction.cents), brands=brands)


def _take(who: Personality, memory: Memory, reaction: Reaction, token: str, sent: Mapping[str, str]) -> Answer:
    """The same reference gets the same answer again: a repeated post is never a second lead."""
    memory.posts += 1
    if earlier := memory.posted.get(token):
        return earlier
    cents = memory.priced.pop(sent.get(who.ping_field.lower(), ""), reaction.cents) or who.bid_cents_least
    won_at = sent.get(who.price_field.lower(), "")
    no = Verdict.DUPLICATE if reaction.duplicate else Verdict.NO
    verdict = Verdict.YES if reaction.accepts else no
    redirect = f"{who.redirect}?id={reaction.reference}" if who.redirect and reaction.accepts else None
    reason = "" if reaction.accepts else reaction.reason
    memory.posted[token] = Answer(
        "post", verdict, reaction.reference, _plain(won_at) or _decimal(cents), reason, redirect
    )
    return memory.posted[token]


def _recall(memory: Memory, token: str) -> Answer:
    return memory.posted.get(token) or Answer("ask", Verdict.UNKNOWN, "", "0.00", "no such lead")


def _plain(price: str) -> str:
    """The price when it is decimal text of the usual kind, else nothing."""
    return price if price.replace(".", "", 1).isdigit() and len(price) <= 12 else ""


def _decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _respond(written: Written) -> web.Response:
    return web.Response(
        body=written.body.encode(), content_type=written.content_type, charset="utf-8", status=written.status
    )


def read_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Every value of a request by its last name, whatever the nesting. A body that cannot be read has none."""
    try:
        if content_type.endswith("json"):
            return _flatten(orjson.loads(body), "")
        if content_type.endswith("xml") or body.lstrip().startswith(b"<"):
            return _elements(body)
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except (ValueError, etree.XMLSyntaxError):
        return {}


def _flatten(value: object, name: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {key: text for inner, each in value.items() for key, text in _flatten(each, str(inner)).items()}
    if isinstance(value, list):
        return {key: text for each in value for key, text in _flatten(each, name).items()}
    return {name: "" if value is None else str(value)}


def _elements(body: bytes) -> dict[str, str]:
    """Leaf elements by local name, and CDATA or escaped documents inside one read in turn."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    found: dict[str, str] = {}
    for element in etree.fromstring(body, parser).iter(etree.Element):
        if len(element) == 0:
            found[etree.QName(element).localname] = (element.text or "").strip()
        found |= {str(name): str(text) for name, text in element.items()}
    return found
