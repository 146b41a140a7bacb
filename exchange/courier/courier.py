"""The courier: many conversations at once with one timer for all of them. Messages go over HTTP or a side lane."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import MappingProxyType

from exchange.clock import Clock
from exchange.connector import BadReply
from exchange.courier.addresses import Addresses, Network, Resolver, resolve_by_system
from exchange.courier.breaker import Breaker
from exchange.courier.call import CLOSED_EARLY, Call, Courier, Result
from exchange.courier.connection import Exchange
from exchange.courier.conversation import Conversation
from exchange.courier.http import Lane, cut
from exchange.courier.lane import Errand, SideLanes
from exchange.courier.marks import Marks
from exchange.courier.request import UnsendableMessage
from exchange.courier.route import in_full
from exchange.courier.tokens import Place, Tokens, place_of
from exchange.courier.url import BadUrl
from exchange.model.wire import FaxMessage, HttpMessage, Keeping, Loss, Lost, Message, Reply

__all__ = ["CLOSED_EARLY", "Call", "Courier", "HttpCourier", "Result"]

_LOG = logging.getLogger("exchange.courier")
_NO_LANES: SideLanes = MappingProxyType({})
_TOO_LATE = Lost(Loss.DEADLINE_BEFORE, "The deadline passed before anything was sent.")


class HttpCourier:
    """The real courier. `allowed` are networks that may be connected to although they are not public.

    `timed` takes the times of a message's parts, for one conversation at a time. `lanes` makes the side lanes of what
    is not HTTP; they may dial its checked addresses, or call over it.
    """

    def __init__(
        self,
        clock: Clock,
        breaker: Breaker,
        allowed: Sequence[Network] = (),
        resolver: Resolver = resolve_by_system,
        lanes: Callable[[Lane], SideLanes] | None = None,
        *,
        timed: bool = False,
    ) -> None:
        self.clock = clock
        self.breaker = breaker
        self.lane = Lane(Addresses(allowed, resolver))
        self.tokens = Tokens(clock)
        self.side_lanes = lanes(self.lane) if lanes is not None else _NO_LANES
        self.errands: set[asyncio.Task[None]] = set()
        self.left_behind: dict[FanOut, asyncio.Future[None]] = {}
        if timed:
            self.lane.marks = Marks(clock.monotonic)

    async def converse(self, call: Call, deadline: float) -> Result:
        return (await FanOut(self, (call,), deadline, None).run())[0]

    async def fan_out(
        self, calls: Sequence[Call], deadline: float, on_result: Callable[[int, Result], bool] | None = None
    ) -> list[Result]:
        return await FanOut(self, calls, deadline, on_result).run()

    async def close(self) -> None:
        """Wait for posts whose callers left, to their deadlines at most, then close every connection."""
        if self.left_behind:
            await asyncio.wait(list(self.left_behind.values()))
        await asyncio.gather(*self.errands, return_exceptions=True)  # those that were cut may still be hanging up
        for side_lane in self.side_lanes.values():
            await side_lane.close()
        await self.lane.close()


class FanOut:
    """Some calls under one deadline. Everything between its start and its end happens in callbacks."""

    __slots__ = ("_ended", "_left", "_on_result", "_results", "_runs", "_timer", "closed", "courier", "deadline")

    def __init__(
        self,
        courier: HttpCourier,
        calls: Sequence[Call],
        deadline: float,
        on_result: Callable[[int, Result], bool] | None,
    ) -> None:
        began = courier.clock.monotonic()
        self.courier = courier
        self.deadline = deadline
        self.closed = False
        self._on_result = on_result
        self._left = len(calls)
        self._results: list[Result | None] = [None] * len(calls)
        self._runs = [Run(self, index, call, began) for index, call in enumerate(calls)]
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> list[Result]:
        remaining = self.deadline - self.courier.clock.monotonic()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, remaining), self._expire)
        moment = self.courier.clock.now()
        for run in self._runs:
            run.start(remaining, moment)
        if self._left:
            await self._wait()
        self._timer.cancel()
        if self._ended.done():
            self._ended.result()
        return [result for result in self._results if result is not None]

    async def _wait(self) -> None:
        try:
            await self._ended
        except asyncio.CancelledError:
            self._ended = asyncio.get_running_loop().create_future()  # the caller took the first one with it
            self._abandon()
            raise
        except BaseException:
            self._timer.cancel()
            raise

    def _abandon(self) -> None:
        """The caller was cancelled: only what may already have handed a lead over goes on."""
        self.closed = True
        for run in self._runs:
            if not run.delivering():
                run.cut(CLOSED_EARLY)
        if self._left:
            self.courier.left_behind[self] = self._ended
            _LOG.info("the caller left; %d posts go on to their end", self._left)
        else:
            self._timer.cancel()

    def _expire(self) -> None:
        for run in self._runs:
            run.cut("")

    def ended(self, index: int, result: Result) -> None:
        """One run is over. A mistake in `on_result` ends the fan-out and is raised to its caller."""
        self._results[index] = result
        self._left -= 1
        try:
            close = self._on_result is not None and not self.closed and self._on_result(index, result)
        except Exception as error:
            close = True
            if not self._ended.done():
                self._ended.set_exception(error)
        if close:
            self.closed = True
            for run in self._runs:
                run.cut(CLOSED_EARLY)
        if self._left:
            return
        self._runs = []  # they know us: nobody is left for the garbage collector to find
        if not self._ended.done():
            self._ended.set_result(None)
            if self.courier.left_behind.pop(self, None) is not None:
                self._timer.cancel()


class Run(Conversation):
    """One call of a fan-out: sends each message of its conversation, hears the outcome, tells the breaker."""

    __slots__ = (
        "_admitted",
        "_exchange",
        "_fan_out",
        "_fetches",
        "_finished",
        "_index",
        "_message",
        "_sent_at",
        "_task",
        "courier",
    )

    def __init__(self, fan_out: FanOut, index: int, call: Call, began: float) -> None:
        super().__init__(call, began)
        self.courier = fan_out.courier
        self._fan_out = fan_out
        self._index = index
        self._finished = self._admitted = False
        self._exchange: Exchange | Errand | None = None
        self._message: Message | None = None
        self._fetches: Place | None = None
        self._sent_at = began
        self._task: asyncio.Task[None] | None = None

    def start(self, remaining: float, moment: int) -> None:
        if self._finished:
            return  # cut while the others were started
        call = self.call
        if remaining <= 0:
            self._end_lost(_TOO_LATE)
            return
        sentence = self.courier.breaker.admit(call.key, moment, delivers=call.delivers)
        if sentence is not None:
            self._end_lost(Lost(Loss.BREAKER, sentence))
            return
        self._admitted = True
        self._go_on(self.next(None))

    def _go_on(self, message: Message | None) -> None:
        if message is None:
            self._finish()
            return
        self._message = message
        call = self.call
        if call.before_delivery is not None and message.delivers and call.delivers and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._mark_then_send(message))
        else:
            self._send(message)

    async def _mark_then_send(self, message: Message) -> None:
        call = self.call
        assert call.before_delivery is not None
        lost = _TOO_LATE
        try:
            await call.before_delivery()
        except Exception as error:
            _LOG.error("a post to buyer %s could not be marked as sending: %s", call.key, type(error).__name__)
            lost = Lost(Loss.DEADLINE_BEFORE, "The attempt could not be marked as sending.")
        else:
            if self.courier.clock.monotonic() < self._fan_out.deadline:
                lost = Lost(Loss.DEADLINE_BEFORE, CLOSED_EARLY)
                if not self._finished:
                    self._send(message)
                    return
        if not self._finished:
            self._end_lost(lost)

    def _send(self, message: Message) -> None:
        call, lane = self.call, self.courier.lane
        self._sent_at = self.courier.clock.monotonic()
        if type(message) is not HttpMessage:
            self._send_aside(message)
            return
        if message.keeps is not None and self._serves(message, message.keeps):
            return
        try:
            target, data = lane.heads.encode(message)
        except BadUrl as bad:
            lost = Lost(Loss.REFUSED_ADDRESS, str(bad))
            self.record(message, lost, self._sent_at, self._sent_at, "", False)
            self._end_lost(lost)
            return
        except UnsendableMessage as bad:
            self.fail(BadReply(f"connector failed: {bad}"))
            self._finish()
            return
        except (TypeError, AttributeError) as error:  # a body that is no bytes, a header that is no text
            self.fail(BadReply(f"connector failed: {type(error).__name__} in its message"))
            self._finish()
            return
        route = message.route
        if route is not None and route.proxy and not target.secure:
            data = in_full(data, target, route)
        self._exchange = Exchange(data, message.method, call.delivers and message.delivers, self._heard)
        lane.send(self._exchange, call.key, target, call.ca_file, route)

    def _serves(self, message: HttpMessage, keeping: Keeping) -> bool:
        """Whether an earlier reply serves, or somebody fetches one now: then nothing is sent."""
        if keeping.stale is not None:
            self.delivered = False  # the buyer refused what was sent with it, and took nothing
        tokens, place = self.courier.tokens, place_of(self.call.key, message)
        reply = tokens.find(place, keeping)
        if reply is not None:
            self._go_on(self.next(reply))
            return True
        if tokens.wait(place, self._look_again):
            return True
        self._fetches = place
        return False

    def _look_again(self) -> None:
        if not self._finished and self._message is not None:
            self._send(self._message)

    def _fetched(self, reply: Reply | None) -> None:
        """Tell those who wait for the reply that this run fetches, if it fetches one."""
        place, self._fetches = self._fetches, None
        message = self._message
        if place is not None and isinstance(message, HttpMessage) and message.keeps is not None:
            self.courier.tokens.fetched(place, reply, message.keeps.seconds)

    def _send_aside(self, message: Message) -> None:
        """What is not HTTP goes by the lane for its kind; a fax by whatever its provider takes, told as a fax."""
        if isinstance(message, FaxMessage):
            self._send(message.via)
            return
        side_lane = self.courier.side_lanes.get(type(message))
        if side_lane is None:
            self.fail(BadReply(f"connector failed: no lane carries its {type(message).__name__}"))
            self._finish()
            return
        seconds = self._fan_out.deadline - self._sent_at
        self._exchange = errand = Errand(self.call.delivers and message.delivers, seconds, self._heard)
        errand.start(side_lane, message, self.courier.errands)

    def _heard(self, outcome: Reply | Lost) -> None:
        self._note(outcome)
        if isinstance(outcome, Lost):
            self._end_lost(outcome)
            return
        following = self.next(outcome)
        if self._fetches is not None:
            self._fetched(outcome if following is not None else None)  # what the connector cannot use is not kept
        self._go_on(following)

    def _note(self, outcome: Reply | Lost) -> None:
        """Record the outcome of the message on its way, and feed the breaker."""
        exchange, message, call, courier = self._exchange, self._message, self.call, self.courier
        assert message is not None and exchange is not None
        now = courier.clock.monotonic()
        marks = courier.lane.marks
        timing = marks.split(self._sent_at) if marks is not None else None
        self.record(message, outcome, self._sent_at, now, exchange.peer, exchange.written, timing)
        self._exchange = None
        took_ms = int((now - self._sent_at) * 1000)
        if isinstance(outcome, Reply):
            courier.breaker.answered(call.key, took_ms, call.contract)
        elif outcome.detail == CLOSED_EARLY:
            courier.breaker.released(call.key)
        else:
            courier.breaker.lost(call.key, courier.clock.now(), took_ms, outcome.why)

    def delivering(self) -> bool:
        """Whether a byte of a delivering message has been written, or one of an earlier step was."""
        exchange = self._exchange
        return not self._finished and (
            self.delivered or (exchange is not None and exchange.delivers and exchange.written)
        )

    def cut(self, detail: str) -> None:
        """End now. An empty `detail` means the deadline is the cause."""
        if self._finished:
            return
        exchange = self._exchange
        if exchange is None:
            lost = _TOO_LATE
        else:
            lost = exchange.cut() if isinstance(exchange, Errand) else cut(exchange)
        if detail:
            lost = Lost(Loss.TIMEOUT if lost.why.sent else Loss.DEADLINE_BEFORE, detail)
        if exchange is not None:
            self._note(lost)
        self._end_lost(lost)

    def _end_lost(self, lost: Lost) -> None:
        self.lose(lost)
        self._finish()

    def _finish(self) -> None:
        """Exactly once."""
        if self._finished:
            return
        self._finished = True
        if self._fetches is not None:
            self._fetched(None)
        if self._admitted and not self.records:
            self.courier.breaker.released(self.call.key)
        self._fan_out.ended(self._index, self.result(self.courier.clock.monotonic()))
