"""The provider over HTTP: forms in, JSON out, a page for cards, and events that are really signed and really sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from exchange.clock import Clock
from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving
from exchange.demo.peers.till import PORT
from exchange.demo.peers.till.books import CARDS, Books, Object, Refusal, shown
from exchange.ids import Ids, SystemIds

NAME = "till"
_TRIES = 5
_TIMEOUT = ClientTimeout(total=10)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Till:
    """`key` is asked of every call of the API; `heard` are the addresses that events go to, with their secrets.

    While `held` is True events are kept back, until somebody sends them in an order of his own. `lose` answers are lost
    on the way, after what they tell was done.
    """

    books: Books
    key: str
    base: str
    heard: dict[str, str] = field(default_factory=dict)
    answered: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    sending: set[asyncio.Task[int]] = field(default_factory=set)
    sent: int = 0
    held: bool = False
    lose: int = 0
    calls: list[str] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/checkout/sessions", self.api(self.open_session)),
            web.get("/v1/checkout/sessions/{id}", self.api(self.one(self.books.sessions))),
            web.post("/v1/payment_intents", self.api(self.charge)),
            web.get("/v1/payment_intents/{id}", self.api(self.one_intent)),
            web.post("/v1/refunds", self.api(self.refund)),
            web.get("/v1/refunds", self.api(self.refunds_of)),
            web.post("/v1/webhook_endpoints", self.api(self.listen)),
            web.get("/c/pay/{id}", self.show_page),
            web.post("/c/pay/{id}", self.take_card),
        ]

    def api(self, do: Callable[[web.Request, Mapping[str, str]], Object]) -> Handler:
        """A call of the API: a key, and one answer for one idempotency key."""

        async def handle(request: web.Request) -> web.StreamResponse:
            given = {name: str(value) for name, value in (await request.post()).items()}
            if request.headers.get("Authorization") != f"Bearer {self.key}":
                return _told(Refusal(401, "invalid_request_error", "Invalid API Key provided."))
            self.calls.append(request.path)
            once, digest = request.headers.get("Idempotency-Key", ""), _digest(request.path, given)
            if once in self.answered:
                known, status, body = self.answered[once]
                if known != digest:
                    message = "Keys for idempotent requests can only be used with the same parameters."
                    return _told(Refusal(400, "idempotency_error", message))
                return web.Response(status=status, body=body, content_type="application/json")
            try:
                response = web.json_response(body=orjson.dumps(shown(do(request, given))))
            except Refusal as refusal:
                response = _told(refusal)
            self.send_new()
            if once:
                assert isinstance(response.body, bytes)
                self.answered[once] = (digest, response.status, response.body)
            if self.lose:
                self.lose -= 1
                assert request.transport is not None
                request.transport.close()
            return response

        return handle

    def open_session(self, _: web.Request, given: Mapping[str, str]) -> Object:
        return self.books.open_session(given, self.base)

    def charge(self, _: web.Request, given: Mapping[str, str]) -> Object:
        if given.get("off_session") != "true" or given.get("confirm") != "true":
            raise Refusal(400, "invalid_request_error", "Only payments that are confirmed at once are taken here.")
        return self.books.charge(given)

    def refund(self, _: web.Request, given: Mapping[str, str]) -> Object:
        return self.books.refund(given)

    def refunds_of(self, request: web.Request, _: Mapping[str, str]) -> Object:
        wanted = request.query.get("payment_intent")
        found = [shown(each) for each in self.books.refunds.values() if each["payment_intent"] == wanted]
        return {"object": "list", "data": found[::-1], "has_more": False}

    def one(self, of: Mapping[str, Object]) -> Callable[[web.Request, Mapping[str, str]], Object]:
        def find(request: web.Request, _: Mapping[str, str]) -> Object:
            found = of.get(request.match_info["id"])
            if found is None:
                raise Refusal(404, "invalid_request_error", f"No such object: {request.match_info['id']}")
            return found

        return find

    def one_intent(self, request: web.Request, given: Mapping[str, str]) -> Object:
        found = self.one(self.books.intents)(request, given)
        if request.query.get("expand[]") != "payment_method" or found["payment_method"] is None:
            return found
        return {**found, "payment_method": self.books.methods[found["payment_method"]]}

    def listen(self, _: web.Request, given: Mapping[str, str]) -> Object:
        secret = f"whsec_{SystemIds().token(24)}"
        self.heard[given["url"]] = secret
        return {"id": SystemIds().new("we", self.books.clock.now()), "object": "webhook_endpoint", "secret": secret}

    async def show_page(self, request: web.Request) -> web.StreamResponse:
        session = self.books.sessions.get(request.match_info["id"])
        if session is None:
            return web.Response(status=404, text="There is no such page.")
        return _page(session, "")

    async def take_card(self, request: web.Request) -> web.StreamResponse:
        session = self.books.sessions.get(request.match_info["id"])
        if session is None:
            return web.Response(status=404, text="There is no such page.")
        given = await request.post()
        told = self.books.pay(session["id"], str(given.get("card", "")).replace(" ", ""))
        self.send_new()
        if told:
            return _page(session, told)
        return web.Response(status=303, headers={"Location": session["success_url"]})

    def send_new(self) -> None:
        """Send what nobody was told of yet, each by a task of its own."""
        if self.held:
            return
        new, self.sent = self.books.events[self.sent :], len(self.books.events)
        for event in new:
            task = asyncio.get_running_loop().create_task(self.send(event))
            self.sending.add(task)
            task.add_done_callback(self.sending.discard)

    async def send(self, event: Object) -> int:
        """To every address, until it answers that it has it. The last status."""
        body, status = orjson.dumps(event), 0
        async with ClientSession(timeout=_TIMEOUT) as session:
            for url, secret in self.heard.items():
                for attempt in range(_TRIES):
                    status = await self._post(session, url, body, secret)
                    if 200 <= status < 300:
                        break
                    await self.books.clock.sleep(0.2 * 2**attempt)
        return status

    async def _post(self, session: ClientSession, url: str, body: bytes, secret: str) -> int:
        moment = str(self.books.clock.now() // 1000)
        digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Stripe-Signature": f"t={moment},v1={digest},v0=none",
            "Content-Type": "application/json; charset=utf-8",
        }
        try:
            async with session.post(url, data=body, headers=headers) as response:
                return response.status
        except ClientError:
            return 0

    async def settled(self) -> None:
        """Every event that is on its way has arrived, or was given up."""
        while self.sending:
            await asyncio.gather(*self.sending)


def _page(session: Object, told: str) -> web.Response:
    cards = "".join(f'<option value="{number}">{brand} {number}</option>' for number, (brand, _, _) in CARDS.items())
    amount = f"{session['amount_total'] / 100:,.2f} {session['currency'].upper()}"
    problem = f'<p role="alert">{escape(told)}</p>' if told else ""
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Pay {amount}</title><h1>Pay {amount}</h1><p>{escape(session['_name'])}</p>{problem}"
        f'<form method="post"><label>Test card <select name="card">{cards}</select></label> <button>Pay</button></form>'
        f'<p><a href="{escape(session["cancel_url"] or "")}">Back without paying</a></p>'
    )
    return web.Response(text=text, content_type="text/html")


def _digest(path: str, given: Mapping[str, str]) -> str:
    return hashlib.sha256(orjson.dumps([path, sorted(given.items())])).hexdigest()


def _told(refusal: Refusal) -> web.Response:
    return web.json_response({"error": refusal.error}, status=refusal.status)


@asynccontextmanager
async def open_till(port: int, clock: Clock, ids: Ids, key: str) -> AsyncIterator[Till]:
    """A provider at this port; 0 takes any. Its `base` is where it is."""
    made = Till(Books(clock, ids), key, "")
    async with serving(port, made.routes()) as made.base:
        try:
            yield made
        finally:
            for task in tuple(made.sending):
                task.cancel()
            await asyncio.gather(*made.sending, return_exceptions=True)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """The same key at every start, so that a demo that goes on still knows it."""
    key, kept = _kept_key(site.folder / "key"), site.folder / "books.json"
    async with open_till(site.ports[PORT], site.exchange, SystemIds(), key) as made:
        if kept.exists():
            made.books.restore(orjson.loads(kept.read_bytes()))
        yield {"stripe_key": key}
        kept.write_bytes(orjson.dumps(made.books.whole()))


def _kept_key(path: Path) -> str:
    if not path.exists():
        path.write_text(f"sk_test_{SystemIds().token(24)}", encoding="ascii")
        path.chmod(0o600)
    return path.read_text(encoding="ascii")


def till() -> Peer:
    return Peer(NAME, (PORT,), listening)
