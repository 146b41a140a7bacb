"""Drives a connector's generator: a reply goes in, the next message comes out, until it answers or fails."""

from __future__ import annotations

import logging
from typing import Any

from exchange import limits
from exchange.connector import BadReply
from exchange.courier.call import Call, Result
from exchange.model.wire import HttpMessage, Lost, Message, Reply, Timing, WireRecord

_LOG = logging.getLogger("exchange.courier")


class Conversation:
    """One call while it is held. `began` is in `clock.monotonic()` seconds.

    `next` is given the reply to the last message (None at the start) and returns the next message, or None when the
    conversation is over. `lose` and `fail` end it from outside.
    """

    __slots__ = ("answer", "began", "call", "delivered", "error", "lost", "records", "status", "steps")

    def __init__(self, call: Call, began: float) -> None:
        self.call = call
        self.began = began
        self.answer: Any = None
        self.error: BadReply | None = None
        self.lost: Lost | None = None
        self.records: list[WireRecord] = []
        self.status: int | None = None
        self.steps = 0
        self.delivered = False

    def next(self, reply: Reply | None) -> Message | None:
        try:
            message: object = next(self.call.conversation) if reply is None else self.call.conversation.send(reply)
        except StopIteration as end:
            self.answer = end.value
            if end.value is None:
                self.error = BadReply("connector failed: it returned no answer")
            return None
        except BadReply as bad:
            bad.__traceback__ = None  # its frames hold the lead
            self.fail(bad)
            return None
        except Exception as error:
            self.fail(self._connector_failed(error))
            return None
        self.steps += 1
        if type(message) is HttpMessage and self.steps <= limits.CONVERSATION_STEPS:
            return message
        long = self.steps > limits.CONVERSATION_STEPS
        if isinstance(message, Message) and not long:  # the other kinds: rarer, and asked for after HTTP
            return message
        why = f"conversation longer than {limits.CONVERSATION_STEPS} messages" if long else "it yielded no message"
        self.fail(BadReply(f"connector failed: {why}"))
        return None

    def _connector_failed(self, error: Exception) -> BadReply:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else "?"
        # never the exception's text, which may quote the lead
        _LOG.error("connector of buyer %s failed: %s at %s", self.call.key, type(error).__name__, where)
        return BadReply(f"connector failed: {type(error).__name__}")

    def fail(self, error: BadReply) -> None:
        self.error = error
        self._leave()

    def lose(self, lost: Lost) -> None:
        self.lost = lost
        self._leave()

    def _leave(self) -> None:
        try:
            self.call.conversation.close()
        except Exception as error:  # a connector that yields or raises while it is closed changes nothing any more
            self._connector_failed(error)

    def record(
        self,
        message: Message,
        outcome: Reply | Lost,
        sent_at: float,
        now: float,
        peer: str,
        sent: bool,
        timing: Timing | None = None,
    ) -> None:
        """Note what one message brought; `sent` says whether a byte of it may have left."""
        since = self.call.since
        started_ms = round((sent_at - (self.began if since is None else since)) * 1000)
        took_ms = round((now - sent_at) * 1000)
        self.records.append(WireRecord(message, outcome, started_ms, took_ms, peer, timing))
        if isinstance(outcome, Reply):
            self.status = outcome.status
        if sent and message.delivers and self.call.delivers:
            self.delivered = True

    def result(self, now: float) -> Result:
        took_ms = round((now - self.began) * 1000)
        answer = None if self.error is not None or self.lost is not None else self.answer
        return Result(answer, self.error, self.lost, tuple(self.records), self.delivered, self.status, took_ms)
