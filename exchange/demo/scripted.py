"""The demo's buyers without sockets: the script of a `ScriptedCourier`, for the history that the real flows make."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

import orjson

from exchange.clock import Clock
from exchange.courier.scripted import Delay
from exchange.demo.buyers import Memory, decide, read_fields
from exchange.demo.dialects import DIALECTS
from exchange.demo.personalities import Personality
from exchange.demo.vendors import answered
from exchange.model.wire import FaxMessage, HttpMessage, Loss, Lost, Message, PhoneMessage, Reply

NEVER_MS = 60_000  # longer than any deadline
TAKES_MS = 400
TAKEN = {"mailto": 250, "fax": 202, "ftp": 226, "ftps": 226, "sftp": 226}
"""What a server says that took a message which is not HTTP, by the scheme of its address."""

_JSON = MappingProxyType({"content-type": "application/json"})
BESIDE: Mapping[str, Reply] = MappingProxyType(
    {
        "/oauth/token": Reply(200, _JSON, b'{"access_token":"a token of the past"}'),
        "/leads": Reply(200, _JSON, b'{"status":"sold"}'),
    }
)
"""What peers over HTTP answer that are no buyers of the cast, by path."""


class CastScript:
    """Answers a message as the buyer at its port would over HTTP, before any of its troubles begin.

    Mail, faxes, calls and files are taken by whoever they are for.
    """

    def __init__(self, cast: Sequence[Personality], seed: int, clock: Clock | None = None, until: int = 0) -> None:
        """`until` is the moment at which the demo begins; before it, by `clock`, is its past."""
        self._by_port = {who.port: who for who in cast}
        self._memories = {who.name: Memory() for who in cast}
        self._seed, self._clock, self._until = seed, clock, until
        self.unreachable = False  # while it is so nobody can be posted to

    def __call__(self, message: Message) -> Reply | Lost | Delay:
        if isinstance(message, PhoneMessage):
            return Delay(TAKES_MS, _rung(message))
        if not isinstance(message, HttpMessage):
            return Delay(TAKES_MS, Reply(TAKEN[message.address.partition(":")[0]], {}, _said(message)))
        parts = urlsplit(message.url)
        who = self._by_port.get(parts.port or 0)
        now = self._clock.now() if self._clock is not None else self._until
        if who is None and (told := answered(parts.path, {"asked": message.body}, now)) is not None:
            return Delay(told[0], Reply(200, _JSON, told[1]))
        if who is None:
            return BESIDE.get(parts.path, Lost(Loss.CONNECT, "Nobody listens at this address."))
        kind = {name.lower(): value for name, value in message.headers.items()}.get("content-type", "")
        fields = read_fields(kind.partition(";")[0].strip(), message.body) | dict(parse_qsl(parts.query))
        stage = parts.path.removeprefix("/")
        running_s = (now - self._until) / 1000
        if self.unreachable and stage == "post":
            return Lost(Loss.CONNECT, "The connection was refused.")
        reaction, answer = decide(who, self._memories[who.name], self._seed, stage, fields, running_s)
        if stage != "ask" and reaction.drops:
            return Delay(reaction.latency_ms, Lost(Loss.RESET, "The buyer closed the connection without an answer."))
        if stage != "ask" and not reaction.answers:
            return Delay(NEVER_MS, Lost(Loss.TIMEOUT, "The buyer did not answer in time."))
        written = DIALECTS[who.dialect](answer)
        reply = Reply(written.status, {"content-type": f"{written.content_type}; charset=utf-8"}, written.body.encode())
        return Delay(reaction.latency_ms, reply)

    def taken(self, name: str) -> frozenset[str]:
        """References of the leads a buyer accepted, answered or not."""
        return self._memories[name].taken()


def _said(message: Message) -> bytes:
    """What is said beside the status: a provider of faxes tells how it knows each."""
    if not isinstance(message, FaxMessage):
        return b"taken"
    return b'{"data":{"id":"past-%08x"}}' % zlib.crc32(message.pdf)


def _rung(message: PhoneMessage) -> Reply:
    """The telephone company takes it, and knows it by a number of its own."""
    told = sha256(f"{message.text}{sorted(message.hooks.values())}".encode()).hexdigest()
    return Reply(201, _JSON, orjson.dumps({"sid": f"{'SM' if message.kind == 'sms' else 'CA'}{told[:32]}"}))
