"""A telephone company on this machine that answers and calls back as Twilio does, as far as calls and texts go.

It wants an account, refuses numbers that are none, can be too busy, fetches TwiML and acts on it, presses the keys that
whoever it rings would press, and signs what it calls back with Twilio's own code.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
import re
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate

from aiohttp import ClientError, ClientSession, web
from lxml import etree

from exchange.clock import Clock

_LOG = logging.getLogger("exchange.demo.telephone")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_VERSION = "2010-04-01"
_STEPS_MOST = 40
_KEPT = 200
_MORE = "https://www.twilio.com/docs/errors/"

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Callee:
    """Whoever has a number. `answers` is human, machine, busy, no-answer or failed; one of `keys` is pressed whenever
    a key is asked for, and after the last they hang up. `talks_s` is how long they talk when they are connected."""

    answers: str = "human"
    keys: Sequence[str] = ()
    talks_s: int = 74


@dataclass
class Rung:
    """One call: what was said to whom, which numbers it was connected to, and what went wrong."""

    sid: str
    to: str
    sender: str
    hooks: Params
    said: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: list[tuple[str, Params, str]] = field(default_factory=list)  # each request made: address, fields, signature
    status: str = "queued"
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Texted:
    sid: str
    to: str
    sender: str
    body: str


@dataclass
class TelephoneCompany:
    """`callees` are by number; other numbers answer as one of `anybody`, in turn. `busy` requests are told to come
    again later, numbers that are `unknown` are refused, and while it is `mute` it makes a call and hangs up on whoever
    asked for it.

    `doors` are addresses that a name is reached at: what a proxy or a name server does for the real company. `ring_s`
    is how long it rings, on the clock.
    """

    account: str
    token: str
    clock: Clock
    session: ClientSession
    ring_s: float = 0.0
    callees: dict[str, Callee] = field(default_factory=dict)
    anybody: Sequence[Callee] = (Callee(),)
    busy: int = 0
    mute: bool = False
    unknown: set[str] = field(default_factory=set)
    doors: dict[str, str] = field(default_factory=dict)
    calls: deque[Rung] = field(default_factory=lambda: deque(maxlen=_KEPT))
    texts: deque[Texted] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _made: int = 0
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def routes(self) -> list[web.RouteDef]:
        root = f"/{_VERSION}/Accounts/{{account}}"
        return [web.post(f"{root}/Calls.json", self.ring), web.post(f"{root}/Messages.json", self.text)]

    @property
    def under_way(self) -> bool:
        return bool(self._running)

    async def settled(self) -> None:
        """Until no call is under way and everything was called back."""
        while self._running:
            await asyncio.gather(*self._running)

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def ring(self, request: web.Request) -> web.Response:
        fields = await _form(request)
        wrong = self._refused(request, fields, 21210) or (
            not {"Url", "Twiml"} & fields.keys() and _error(400, 21205, "Url is not a valid URL: ")
        )
        if wrong:
            return wrong
        call = Rung(self._sid("CA"), fields["To"], fields["From"], fields)
        self.calls.append(call)
        self._start(self._hold(call))
        if self.mute and request.transport is not None:
            request.transport.abort()
        told = {"sid": call.sid, "status": "queued", "to": call.to, "from": call.sender, "direction": "outbound-api"}
        return web.json_response({**told, "account_sid": self.account, "api_version": _VERSION}, status=201)

    async def text(self, request: web.Request) -> web.Response:
        fields = await _form(request)
        wrong = self._refused(request, fields, 21606) or (
            not fields.get("Body") and _error(400, 21602, "Message body is required.")
        )
        if wrong:
            return wrong
        text = Texted(self._sid("SM"), fields["To"], fields["From"], fields["Body"])
        self.texts.append(text)
        self._start(self._hand_over(text, fields.get("StatusCallback")))
        told = {"sid": text.sid, "status": "queued", "to": text.to, "from": text.sender, "body": text.body}
        return web.json_response({**told, "account_sid": self.account, "api_version": _VERSION}, status=201)

    def _refused(self, request: web.Request, fields: Params, bad_sender: int) -> web.Response | None:
        known = b"Basic " + base64.b64encode(f"{self.account}:{self.token}".encode())
        given = request.headers.get("Authorization", "")
        if request.match_info["account"] != self.account or not hmac.compare_digest(given.encode(), known):
            return _error(401, 20003, "Authenticate")
        if self.busy:
            self.busy -= 1
            return _error(429, 20429, "Too Many Requests")
        if not _E164.fullmatch(fields.get("To", "")) or fields["To"] in self.unknown:
            return _error(400, 21211, f"The 'To' number {fields.get('To')} is not a valid phone number.")
        if not _E164.fullmatch(fields.get("From", "")):
            return _error(400, bad_sender, f"The source phone number provided, {fields.get('From')}, is not yours.")
        return None

    def _sid(self, kind: str) -> str:
        self._made += 1
        return f"{kind}{self._made:032x}"

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    # A call

    async def _hold(self, call: Rung) -> None:
        callee = self.callees.get(call.to) or self.anybody[(self._made - 1) % len(self.anybody)]
        await self._wait(self.ring_s)
        if callee.answers not in ("human", "machine"):
            await self._end(call, callee.answers, 0)
            return
        call.status = "in-progress"
        more = {}
        if call.hooks.get("MachineDetection") in ("Enable", "DetectMessageEnd"):
            more["AnsweredBy"] = "human" if callee.answers == "human" else "machine_start"
        keys = deque(callee.keys)
        own = call.hooks.get("Twiml")
        document = _read(own.encode()) if own is not None else await self._ask(call, call.hooks["Url"], more)
        for _ in range(_STEPS_MOST):
            if document is None or call.ends:
                break
            document = await self._act(call, document, keys)
        await self._end(call, "completed", 20 + len(call.said))

    async def _act(self, call: Rung, document: etree._Element, keys: deque[str]) -> etree._Element | None:
        """Act on each verb in turn. What one of them leads to takes the place of the rest."""
        for verb in document:
            if verb.tag == "Hangup":
                call.ends = True
                return None
            if verb.tag == "Say":
                call.said.append(verb.text or "")
            elif verb.tag == "Gather":
                call.said += [each.text or "" for each in verb.iter("Say")]
                if keys:
                    return await self._ask(call, verb.get("action") or "", {"Digits": keys.popleft()})
            elif verb.tag == "Dial":
                return await self._connect(call, verb)
            elif verb.tag == "Redirect":
                return await self._ask(call, verb.text or "", {})
        call.ends = True
        return None

    async def _connect(self, call: Rung, dial: etree._Element) -> etree._Element | None:
        number = dial.findtext("Number") or ""
        call.dialled.append(number)
        callee = self.callees.get(number, Callee())
        answered = callee.answers in ("human", "machine")
        await self._wait(self.ring_s + (callee.talks_s if answered and self.ring_s else 0))
        more = {"DialCallSid": self._sid("CA"), "DialCallStatus": "completed" if answered else callee.answers}
        if answered:
            more["DialCallDuration"] = str(callee.talks_s)
        return await self._ask(call, dial.get("action") or "", more)

    async def _ask(self, call: Rung, url: str, more: Params) -> etree._Element | None:
        """What to do next, in TwiML; None when that cannot be had, which ends the call as it does at Twilio."""
        status, body = await self.call_back(call, url, {**self._about(call), **more})
        if status != 200:
            call.errors.append(f"11200 HTTP {status}")
            return None
        document = _read(body)
        if document is None:
            call.errors.append("12100 Document parse failure")
        return document

    async def _end(self, call: Rung, status: str, seconds: int) -> None:
        call.status = status
        more = {"CallDuration": str(seconds)} if status == "completed" else {}
        told = {"CallbackSource": "call-progress-events", "SequenceNumber": "0", "Timestamp": formatdate(usegmt=True)}
        if "StatusCallback" in call.hooks:
            await self.call_back(call, call.hooks["StatusCallback"], {**self._about(call), **told, **more})

    def _about(self, call: Rung) -> dict[str, str]:
        return {
            "AccountSid": self.account,
            "ApiVersion": _VERSION,
            "CallSid": call.sid,
            "CallStatus": call.status,
            "Called": call.to,
            "Caller": call.sender,
            "Direction": "outbound-api",
            "From": call.sender,
            "To": call.to,
        }

    # A text

    async def _hand_over(self, text: Texted, callback: str | None) -> None:
        callee = self.callees.get(text.to, Callee())
        if callback is None:
            return
        states = ("sent", "delivered") if callee.answers != "failed" else ("undelivered",)
        for state in states:
            fields = {"AccountSid": self.account, "ApiVersion": _VERSION, "MessageSid": text.sid, "SmsSid": text.sid}
            told = {"MessageStatus": state, "SmsStatus": state, "From": text.sender, "To": text.to}
            error = {"ErrorCode": "30005"} if state == "undelivered" else {}
            await self.call_back(None, callback, {**fields, **told, **error})

    # What is called back

    async def call_back(self, call: Rung | None, url: str, fields: Params) -> tuple[int, bytes]:
        """Signed by Twilio's own code over the address as it was given to the company. Returns status and body."""
        from twilio.request_validator import RequestValidator  # slow to import

        signature = RequestValidator(self.token).compute_signature(url, fields)
        if call is not None:
            call.asked.append((url, fields, signature))
        door = next((url.replace(name, at, 1) for name, at in self.doors.items() if url.startswith(name)), url)
        headers = {"X-Twilio-Signature": signature, "User-Agent": "TwilioProxy/1.1"}
        try:
            async with self.session.post(door, data=fields, headers=headers) as response:
                return response.status, await response.read()
        except ClientError as error:
            _LOG.warning("nobody is there to be called back: %s", type(error).__name__)
            return 502, b""

    async def _wait(self, seconds: float) -> None:
        if seconds:
            await self.clock.sleep(seconds)


def _read(body: bytes) -> etree._Element | None:
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None


async def _form(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}


def _error(status: int, code: int, message: str) -> web.Response:
    told = {"code": code, "message": message, "more_info": f"{_MORE}{code}", "status": status}
    return web.json_response(told, status=status)
