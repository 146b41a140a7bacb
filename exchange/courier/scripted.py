"""A courier that answers from a script: for tests, the demo's history, and the simulated buyers of test mode.

Time is the clock's: a simulated clock is moved to the moment of each answer, in the order the answers would come.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.clock import Clock, SimulatedClock
from exchange.courier.breaker import Breaker
from exchange.courier.call import CLOSED_EARLY, Call, Courier, Result
from exchange.courier.conversation import Conversation
from exchange.model.wire import Loss, Lost, Message, Reply

SIMULATED = "http://simulated.invalid/"  # a name that can never belong to anybody
"""The scheme of URLs that never leave the process."""

_TOO_LATE = Lost(Loss.DEADLINE_BEFORE, "The deadline passed before anything was sent.")
_TIMED_OUT = Lost(Loss.TIMEOUT, "The buyer did not answer in time.")


@dataclass(frozen=True, slots=True)
class Delay:
    """`then`, after `ms`. Past the deadline it is a timeout, whatever it was."""

    ms: int
    then: Reply | Lost


Script = Callable[[Any], Reply | Lost | Delay]
"""What is answered to a message. It is told whatever the connectors send: HTTP alone, where they speak nothing else."""


def by_url(scripts: Mapping[str, Script]) -> Script:
    """One script of several: the longest beginning of the address decides; what nobody scripted cannot be reached."""

    def answer(message: Message) -> Reply | Lost | Delay:
        known = [start for start in scripts if message.address.startswith(start)]
        if not known:
            return Lost(Loss.CONNECT, "Nothing is scripted for this address.")
        return scripts[max(known, key=len)](message)

    return answer


@dataclass(slots=True)
class _Turn:
    """One call in flight: its conversation, the message out, and what will come of it."""

    held: Conversation
    message: Message | None = None
    outcome: Reply | Lost = _TOO_LATE
    sent_at: float = 0.0
    marked: bool = False


class ScriptedCourier:
    """Answers every message from `script`, which is told what would have been sent.

    With a simulated clock time jumps; with the system's clock delays really pass. The default is a simulated clock of
    its own, which `deadline` must then be taken from. `keep`: `messages` collects all that were sent, without end.
    With a `breaker` it leaves alone who does not answer, as the real courier does.
    """

    def __init__(
        self, script: Script, clock: Clock | None = None, *, keep: bool = False, breaker: Breaker | None = None
    ) -> None:
        self.script = script
        self.breaker = breaker
        self.keep = keep
        self.clock = clock if clock is not None else SimulatedClock()
        self.messages: list[Any] = []

    async def converse(self, call: Call, deadline: float) -> Result:
        return (await self.fan_out((call,), deadline))[0]

    async def fan_out(
        self, calls: Sequence[Call], deadline: float, on_result: Callable[[int, Result], bool] | None = None
    ) -> list[Result]:
        """As the real courier: all calls begin now, each answer comes at its own moment, earliest first."""
        began = self.clock.monotonic()
        results: dict[int, Result] = {}
        turns = [_Turn(Conversation(call, began)) for call in calls]
        due: list[tuple[float, int]] = []
        closed = False
        for index, turn in enumerate(turns):
            at = await self._begin(turn, began, deadline)
            heapq.heappush(due, (at, index))
        while due:
            at, index = heapq.heappop(due)
            turn = turns[index]
            if closed:
                self._cut(turn)
            else:
                await self._wait_until(at)
                again = await self._hear(turn, at, deadline)
                if again is not None:
                    heapq.heappush(due, (again, index))
                    continue
            results[index] = turn.held.result(self.clock.monotonic())
            if not closed and on_result is not None:
                closed = on_result(index, results[index])
        return [results[index] for index in range(len(turns))]

    async def close(self) -> None:
        """Nothing is open."""

    async def _wait_until(self, at: float) -> None:
        ahead = at - self.clock.monotonic()
        if ahead > 0:
            await self.clock.sleep(ahead)

    async def _begin(self, turn: _Turn, now: float, deadline: float) -> float:
        if now >= deadline:
            turn.held.lose(_TOO_LATE)
            return now
        call = turn.held.call
        sentence = self.breaker and self.breaker.admit(call.key, self.clock.now(), delivers=call.delivers)
        if sentence:
            turn.held.lose(Lost(Loss.BREAKER, sentence))
            return now
        return await self._send(turn, turn.held.next(None), now, deadline)

    async def _send(self, turn: _Turn, message: Message | None, now: float, deadline: float) -> float:
        """Ask the script; returns the moment at which the outcome (or the end) is known."""
        turn.message = message
        if message is None:
            return now
        call = turn.held.call
        if call.before_delivery is not None and call.delivers and message.delivers and not turn.marked:
            turn.marked = True
            try:
                await call.before_delivery()
            except Exception as error:
                turn.message = None
                turn.held.lose(Lost(Loss.DEADLINE_BEFORE, f"Not marked as sending: {type(error).__name__}."))
                return now
        if self.keep:
            self.messages.append(message)
        outcome = self.script(message)
        wait = outcome.ms / 1000 if isinstance(outcome, Delay) else 0.0
        turn.sent_at = now
        turn.outcome = outcome.then if isinstance(outcome, Delay) else outcome
        if now + wait > deadline:
            turn.outcome = _TIMED_OUT
        return min(now + wait, deadline)

    async def _hear(self, turn: _Turn, now: float, deadline: float) -> float | None:
        """Hand the outcome to the conversation; None when it is over, else when its next outcome is known."""
        if turn.message is None:
            return None
        self._note(turn, now)
        if isinstance(turn.outcome, Lost):
            turn.held.lose(turn.outcome)
            return None
        return await self._send(turn, turn.held.next(turn.outcome), now, deadline)

    def _note(self, turn: _Turn, now: float) -> None:
        assert turn.message is not None
        sent = isinstance(turn.outcome, Reply) or turn.outcome.why.sent
        turn.held.record(turn.message, turn.outcome, turn.sent_at, now, "scripted", sent)
        if self.breaker is None:
            return
        call, took_ms = turn.held.call, int((now - turn.sent_at) * 1000)
        if isinstance(turn.outcome, Reply):
            self.breaker.answered(call.key, took_ms, call.contract)
        elif turn.outcome.detail == CLOSED_EARLY:
            self.breaker.released(call.key)
        else:
            self.breaker.lost(call.key, self.clock.now(), took_ms, turn.outcome.why)

    def _cut(self, turn: _Turn) -> None:
        if turn.message is None:
            return
        turn.outcome = Lost(Loss.TIMEOUT, CLOSED_EARLY)
        self._note(turn, self.clock.monotonic())
        turn.held.lose(turn.outcome)


class RoutedCourier:
    """Calls to simulated buyers are answered by one courier, all others by another."""

    def __init__(self, simulated: Courier, real: Courier) -> None:
        self.simulated = simulated
        self.real = real

    async def converse(self, call: Call, deadline: float) -> Result:
        return await (self.simulated if call.simulated else self.real).converse(call, deadline)

    async def fan_out(
        self, calls: Sequence[Call], deadline: float, on_result: Callable[[int, Result], bool] | None = None
    ) -> list[Result]:
        simulated = [place for place, call in enumerate(calls) if call.simulated]
        if not simulated:
            return await self.real.fan_out(calls, deadline, on_result)
        if len(simulated) == len(calls):
            return await self.simulated.fan_out(calls, deadline, on_result)
        return await self._mixed(calls, simulated, deadline, on_result)

    async def _mixed(
        self,
        calls: Sequence[Call],
        simulated: Sequence[int],
        deadline: float,
        on_result: Callable[[int, Result], bool] | None,
    ) -> list[Result]:
        mixed = _Mixed(on_result)
        wired = [place for place, call in enumerate(calls) if not call.simulated]
        async with asyncio.TaskGroup() as group:
            for courier, places in ((self.simulated, simulated), (self.real, wired)):
                part = [calls[place] for place in places]
                heard = mixed.hear(places, len(mixed.tasks))
                mixed.tasks.append(group.create_task(courier.fan_out(part, deadline, heard)))
        lost = Lost(Loss.TIMEOUT, CLOSED_EARLY)
        for place, call in enumerate(calls):
            mixed.results.setdefault(place, Result(None, None, lost, (), call.delivers, None, 0))
        return [mixed.results[place] for place in range(len(calls))]

    async def close(self) -> None:
        await self.simulated.close()
        await self.real.close()


class _Mixed:
    """Results of two fan-outs as one: when one is closed early, the other is too."""

    def __init__(self, on_result: Callable[[int, Result], bool] | None) -> None:
        self.on_result = on_result
        self.results: dict[int, Result] = {}
        self.tasks: list[asyncio.Task[list[Result]]] = []
        self.closed = False

    def hear(self, places: Sequence[int], own: int) -> Callable[[int, Result], bool]:
        def heard(index: int, result: Result) -> bool:
            self.results[places[index]] = result
            if self.closed or self.on_result is None:
                return self.closed
            self.closed = self.on_result(places[index], result)
            if self.closed:
                for number, task in enumerate(self.tasks):
                    if number != own:
                        task.cancel()
            return self.closed

        return heard
