"""What a flow hands to the courier, and what it gets back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, NamedTuple, Protocol

from exchange.connector import BadReply
from exchange.model.wire import Lost, Message, Reply, WireRecord

CLOSED_EARLY = "auction closed early"
"""The `detail` of the loss of a call that was cut because `on_result` ended the fan-out."""


class Call(NamedTuple):
    """One conversation to hold with one buyer.

    `delivers`: the conversation hands the lead over, in its messages with `delivers`. `before_delivery` is awaited
    right before the first byte of the first such message; if it raises, nothing is sent. `contract` names the latency
    series (default: `key`). `since` is the lead's receipt in `clock.monotonic()` seconds (default: the start of the
    call). `ca_file` pins the authorities this buyer's certificate may come from. `simulated` says that the buyer is
    one of those inside the exchange: nothing of the call leaves it.
    """

    key: str
    conversation: Generator[Message, Reply, Any]
    delivers: bool
    before_delivery: Callable[[], Awaitable[object]] | None = None
    contract: str = ""
    since: float | None = None
    ca_file: str = ""
    simulated: bool = False


class Result(NamedTuple):
    """How a conversation ended: exactly one of `answer`, `error` and `lost` is not None.

    `delivered` says whether a byte of a delivering message may have reached the buyer: while it is False, an error or
    a loss is *failed*; once it is True, they are *unclear*. `status` is the last HTTP status heard.
    """

    answer: Any
    error: BadReply | None
    lost: Lost | None
    records: tuple[WireRecord, ...]
    delivered: bool
    status: int | None
    took_ms: int


def as_if(conversation: Generator[Message, Reply, Any], reply: Reply, *, delivered: bool) -> Result:
    """A conversation of one message held with this reply and nobody."""
    answer, error = None, None
    try:
        next(conversation)
        conversation.send(reply)
    except StopIteration as end:
        answer = end.value
    except BadReply as bad:
        error = bad
    return Result(answer, error, None, (), delivered, reply.status, 0)


class Courier(Protocol):
    """Holds conversations with buyers. Deadlines are `clock.monotonic()` seconds."""

    async def converse(self, call: Call, deadline: float) -> Result:
        """Hold one conversation. Cancelling the caller never cuts a delivering message that is already written."""
        ...

    async def fan_out(
        self, calls: Sequence[Call], deadline: float, on_result: Callable[[int, Result], bool] | None = None
    ) -> list[Result]:
        """Hold all conversations at once; results in the order of `calls`.

        `on_result(index, result)` hears each as it ends. When it returns True the others are cut and end lost with
        the detail CLOSED_EARLY (`Loss.TIMEOUT` where a byte was sent, `Loss.DEADLINE_BEFORE` where none was).
        """
        ...

    async def close(self) -> None: ...
