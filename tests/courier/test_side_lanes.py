"""Messages that are not HTTP: each kind by its lane, with the courier's deadlines, records and breaker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator

from exchange.clock import SystemClock
from exchange.connector import BadReply
from exchange.courier.breaker import Breaker
from exchange.courier.courier import CLOSED_EARLY, Call, HttpCourier, Result
from exchange.courier.dial import NotReached, dial
from exchange.courier.http import Lane
from exchange.courier.lane import Errand, SideLanes
from exchange.courier.scripted import ScriptedCourier, by_url
from exchange.model.wire import (
    EmailMessage,
    FaxMessage,
    FileMessage,
    HttpMessage,
    Loss,
    Lost,
    Message,
    Place,
    Relay,
    Reply,
)
from tests.courier.rawbuyer import LOOPBACK, hold, one_message, raw_buyer, reply, says


class LineLane:
    """A protocol of two lines: who it is for, then the text. Each is answered by a code."""

    def __init__(self, lane: Lane) -> None:
        self._addresses = lane.addresses
        self.closed = False

    async def send(self, message: EmailMessage, errand: Errand) -> Reply | Lost:
        assert message.relay is not None
        relay = message.relay
        try:
            socket = await dial(relay.host, relay.port, self._addresses)
        except NotReached as why:
            return why.lost
        reader, writer = await asyncio.open_connection(sock=socket)
        errand.peer = f"{relay.host}:{relay.port}"
        try:
            asked = await _said(reader, writer, message.to[0])
            if asked.status != 250:
                return asked
            errand.mark()
            return await _said(reader, writer, message.text)
        except asyncio.IncompleteReadError:
            return Lost(Loss.CONNECT, "The server hung up.")
        finally:
            writer.close()

    async def close(self) -> None:
        self.closed = True


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str) -> Reply:
    writer.write(line.encode() + b"\n")
    code, _, text = (await reader.readuntil(b"\n")).partition(b" ")
    return Reply(int(code), {}, text.strip())


@contextlib.asynccontextmanager
async def line_server(*answers: bytes | None) -> AsyncIterator[int]:
    """Answers each line in turn; None keeps silent, and no more answers hang up."""

    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            for answer in answers:
                await reader.readline()
                if answer is None:
                    await reader.read()
                    break
                writer.write(answer + b"\n")
            else:
                await reader.readline()
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*running, return_exceptions=True)


@contextlib.asynccontextmanager
async def courier_with_mail(breaker: Breaker | None = None) -> AsyncIterator[HttpCourier]:
    def lanes(lane: Lane) -> SideLanes:
        return {EmailMessage: LineLane(lane)}

    courier = HttpCourier(SystemClock(), breaker or Breaker(), LOOPBACK, lanes=lanes)
    try:
        yield courier
    finally:
        await courier.close()


def mail(port: int, *, delivers: bool = True, host: str = "127.0.0.1") -> EmailMessage:
    relay = Relay(host, port, "plain", "us", "s3cret")
    return EmailMessage("us@a.example", ("b@b.example",), "A lead", "Ada", "<1@a>", relay=relay, delivers=delivers)


def one(message: Message) -> Call:
    return Call("acme", one_message(message), True)


async def sent_to(*answers: bytes | None, seconds: float = 5.0) -> Result:
    async with line_server(*answers) as port, courier_with_mail() as courier:
        return await hold(courier, one(mail(port)), seconds)


async def test_a_mail_goes_by_its_lane_and_is_recorded_like_any_message() -> None:
    result = await sent_to(b"250 yes", b"250 queued")
    record = result.records[0]

    assert (Reply(250, {}, b"queued"), True, 250) == (result.answer, result.delivered, result.status)
    assert ("mailto:b@b.example", True) == (record.message.address, record.peer.startswith("127.0.0.1:"))


async def test_a_refusal_before_the_mail_is_handed_over_is_a_reply_that_delivered_nothing() -> None:
    result = await sent_to(b"550 nobody of that name")

    assert (550, False) == (result.answer.status, result.delivered)


async def test_a_loss_is_failed_before_the_mark_and_unclear_after_it() -> None:
    before = await sent_to()
    after = await sent_to(b"250 yes")

    assert before.lost == Lost(Loss.CONNECT, "The server hung up.") and not before.delivered
    assert after.lost is not None and (Loss.RESET, True) == (after.lost.why, after.delivered)


async def test_the_deadline_cuts_a_silent_server() -> None:
    before = await sent_to(None, seconds=0.1)
    after = await sent_to(b"250 yes", None, seconds=0.1)

    assert before.lost is not None and (Loss.DEADLINE_BEFORE, False) == (before.lost.why, before.delivered)
    assert after.lost is not None and (Loss.TIMEOUT, True) == (after.lost.why, after.delivered)


async def test_a_server_that_cannot_be_reached_or_must_not_be_is_lost_and_the_breaker_hears_of_it() -> None:
    breaker = Breaker()
    async with line_server() as port:
        pass
    async with courier_with_mail(breaker) as courier:
        refused = [await hold(courier, one(mail(port))) for _ in range(5)]
        stopped = await hold(courier, one(mail(port)))
    async with courier_with_mail() as courier:
        forbidden = await hold(courier, one(mail(25, host="10.0.0.1")))

    assert {Loss.CONNECT} == {result.lost.why for result in refused if result.lost is not None}
    assert stopped.lost is not None and Loss.BREAKER is stopped.lost.why
    assert forbidden.lost is not None and Loss.REFUSED_ADDRESS is forbidden.lost.why


async def test_a_kind_that_no_lane_carries_fails_and_sends_nothing() -> None:
    place = Place("sftp", "files.example", 22, "in")
    async with courier_with_mail() as courier:
        result = await hold(courier, one(FileMessage(place, "a.csv", b"a,b")))

    assert isinstance(result.error, BadReply) and "no lane carries its FileMessage" in result.error.why
    assert not result.delivered


async def test_a_lane_that_breaks_is_a_loss_that_quotes_nothing() -> None:
    async with courier_with_mail() as courier:
        result = await hold(courier, one(mail(0)._replace(relay=None)))

    assert result.lost == Lost(Loss.CONNECT, "The lane failed: AssertionError.")


async def test_a_fax_goes_over_what_its_provider_takes_and_is_told_as_a_fax() -> None:
    async with raw_buyer(says(reply(b'{"id":"f1"}'))) as provider, courier_with_mail() as courier:
        call = HttpMessage("POST", provider.url("/faxes"), {}, b"{}", secrets=("key",))
        result = await hold(courier, one(FaxMessage("+16029580142", 1, b"%PDF" * 600, call)))
    shown = result.records[0].message.shown()

    assert (b'{"id":"f1"}', True) == (result.answer.body, result.delivered)
    assert ("FAX", "fax:+16029580142", b"PDF, 1 page, 2 KB") == (shown.method, shown.url, shown.body)
    assert (("key",), call.url) == (shown.secrets, shown.headers["Via"])


async def test_one_conversation_may_use_both_ways_and_before_delivery_comes_before_the_mail() -> None:
    told: list[str] = []

    async def mark() -> None:
        told.append("marked")

    def both(url: str, port: int) -> Generator[Message, Reply, bytes]:
        token = yield HttpMessage("GET", url, delivers=False)
        told.append(token.body.decode())
        answer = yield mail(port)
        return answer.body

    server = line_server(b"250 yes", b"250 taken")
    async with raw_buyer(says(reply(b"t1"))) as buyer, server as port, courier_with_mail() as courier:
        result = await hold(courier, Call("acme", both(buyer.url(), port), True, mark))

    assert (["t1", "marked"], b"taken") == (told, result.answer)


async def test_a_caller_that_leaves_cuts_what_is_not_handed_over_and_lets_the_rest_end() -> None:
    async with line_server(b"250 yes", None) as port, courier_with_mail() as courier:
        fan_out = courier.fan_out(
            [one(mail(port)), one(mail(port, delivers=False))],
            courier.clock.monotonic() + 0.2,
            lambda index, result: False,
        )
        caller = asyncio.create_task(fan_out)
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)

    assert caller.cancelled() and not courier.left_behind


async def test_an_early_close_cuts_the_mail_that_is_on_its_way() -> None:
    async with raw_buyer(says(reply(b"yes"))) as buyer, line_server(None) as port, courier_with_mail() as courier:
        calls = [one(HttpMessage("POST", buyer.url())), one(mail(port))]
        results = await courier.fan_out(calls, courier.clock.monotonic() + 5, lambda index, result: True)

    assert results[1].lost == Lost(Loss.DEADLINE_BEFORE, CLOSED_EARLY)


async def test_the_courier_closes_its_lanes() -> None:
    async with courier_with_mail() as courier:
        lane = courier.side_lanes[EmailMessage]

    assert isinstance(lane, LineLane) and lane.closed


async def test_a_script_goes_by_the_address_of_any_kind_of_message() -> None:
    courier = ScriptedCourier(by_url({"mailto:b@": lambda message: Reply(250, {}, message.text.encode())}))

    result = await courier.converse(one(mail(25)), courier.clock.monotonic() + 1)

    assert (b"Ada", True) == (result.answer.body, result.delivered)
