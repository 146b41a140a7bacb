"""One connection to a buyer: one message in flight, its reply parsed within limits, never another message's."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from exchange import limits
from exchange.courier.marks import CONNECTED, HEARD, SECURED, Marks
from exchange.courier.unpack import unpack
from exchange.model.wire import Loss, Lost, Reply

_BROKEN = "The connection broke after the request was sent."
_CLOSED = "The buyer closed the connection without an answer."
_SHORT = "The reply ends before its announced length."
_HEAD = "The reply's headers are larger than 32 KB."
_NOT_HTTP = "The answer is not HTTP."
_USUAL = {name.encode(): name.lower() for name in ("Content-Type", "Content-Length", "Date", "Server", "Connection")}


class Exchange:
    """One message on its way: its bytes, and who is told what came of it (exactly once, unless it is cut)."""

    __slots__ = (
        "connection",
        "crowded",
        "data",
        "delivers",
        "ended",
        "method",
        "on_outcome",
        "peer",
        "retried",
        "written",
    )

    def __init__(self, data: bytes, method: str, delivers: bool, on_outcome: Callable[[Reply | Lost], None]) -> None:
        self.data = data
        self.method = method
        self.delivers = delivers
        self.on_outcome = on_outcome
        self.connection: Connection | None = None
        self.peer = ""
        self.written = self.ended = self.retried = self.crowded = False

    def end(self, outcome: Reply | Lost) -> None:
        if self.ended:
            return
        self.ended = True
        self.connection = None
        if self.written and isinstance(outcome, Lost) and not outcome.why.sent:
            outcome = Lost(Loss.RESET, f"{_BROKEN} {outcome.detail}")
        self.on_outcome(outcome)


class Owner(Protocol):
    """The pool a connection belongs to. A reply may have `room` bytes; `marks` are kept where somebody looks."""

    room: int
    marks: Marks | None

    def freed(self, connection: Connection) -> None: ...

    def gone(self, connection: Connection) -> None: ...

    def again(self, exchange: Exchange) -> None: ...


class Connection(asyncio.Protocol):
    __slots__ = (
        "body",
        "complete",
        "exchange",
        "framed",
        "head_bytes",
        "head_done",
        "headers",
        "keep",
        "loss",
        "lost",
        "marks",
        "owner",
        "parser",
        "peer",
        "received",
        "reused",
        "room",
        "status",
        "transport",
        "used_at",
    )

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.transport: asyncio.Transport | None = None
        self.exchange: Exchange | None = None
        self.parser = HttpResponseParser(self)
        self.parser.set_dangerous_leniencies(  # old servers end lines with LF alone; nothing stands between us and them
            lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self.lost = self.reused = False
        self.used_at = 0.0
        self.peer = ""
        self.marks = owner.marks
        if self.marks is not None:  # whoever makes one has connected, and secures it next
            self.marks.note(CONNECTED)
        self._clear()

    def _clear(self) -> None:
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []
        self.room = self.owner.room
        self.head_bytes = self.received = self.status = 0
        self.head_done = self.framed = self.complete = self.keep = False
        self.loss: Lost | None = None

    # What the pool asks

    def send(self, exchange: Exchange) -> None:
        assert self.exchange is None and self.transport is not None
        self._clear()
        self.exchange = exchange
        exchange.connection = self
        exchange.peer = self.peer
        exchange.written = True
        self.transport.write(exchange.data)

    def usable(self) -> bool:
        return not self.lost and self.transport is not None and not self.transport.is_closing()

    def drop(self) -> None:
        """Close at once; whatever arrives later belongs to nobody."""
        self.exchange = None
        self.lost = True
        if self.transport is not None:
            self.transport.abort()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername") or ("?", 0)
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        version = f" {secured.version()}" if secured is not None else ""
        self.peer = f"{address[0]}:{address[1]}{version}"
        if self.marks is not None and secured is not None:
            self.marks.note(SECURED)

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None:  # nobody asked: it must not become the next message's answer
            self.drop()
            return
        if self.marks is not None:
            self.marks.note(HEARD)
        self.received += len(data)
        surplus = False
        try:
            self.parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            surplus = True
        if self.complete:
            self._finish(exchange, self.keep and not surplus)
        elif surplus:
            self._fail(exchange, self.loss or Lost(Loss.NOT_HTTP, _NOT_HTTP))
        elif not self.head_done and self.received > limits.REPLY_HEADERS_BYTES:
            self._fail(exchange, Lost(Loss.TOO_LARGE, _HEAD))
        elif self.received > self.owner.room * limits.REPLY_WIRE_FACTOR:
            self._fail(exchange, Lost(Loss.TOO_LARGE, self._too_large()))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.lost = True
        exchange, self.exchange = self.exchange, None
        self.owner.gone(self)
        if exchange is None or exchange.ended:
            return
        if self.head_done and not self.framed and error is None:
            exchange.end(self._reply())  # the body's end is the connection's end
        elif self.received == 0 and self.reused and not exchange.delivers and not exchange.retried:
            exchange.retried = True  # closed by the buyer while it was idle: a ping may ask again
            self.owner.again(exchange)
        elif error is not None:
            exchange.end(Lost(Loss.RESET, _BROKEN))
        elif self.received == 0:
            exchange.end(Lost(Loss.RESET, _CLOSED))
        else:
            exchange.end(Lost(Loss.TRUNCATED, _SHORT))

    def _fail(self, exchange: Exchange, lost: Lost) -> None:
        self.drop()
        exchange.end(lost)

    def _finish(self, exchange: Exchange, keep: bool) -> None:
        outcome = self._reply()
        self.exchange = None
        transport = self.transport
        if keep and transport is not None and not transport.is_closing() and not transport.get_write_buffer_size():
            self.reused = True
            self.owner.freed(self)
        else:
            self.drop()
        exchange.end(outcome)

    def _reply(self) -> Reply | Lost:
        body = self.body[0] if len(self.body) == 1 else b"".join(self.body)
        coding = self.headers.get("content-encoding")
        if coding is not None:
            unpacked = unpack(body, coding, self.owner.room)
            return unpacked if isinstance(unpacked, Lost) else Reply(self.status, self.headers, unpacked)
        return Reply(self.status, self.headers, body)

    # What the parser calls; an exception ends the parsing

    def on_message_begin(self) -> None:
        if self.complete:
            raise ValueError("bytes after the reply")
        if self.head_done:  # an interim reply came before
            self.headers = {}
            self.head_done = self.framed = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_bytes += len(name) + len(value)
        if self.head_bytes > limits.REPLY_HEADERS_BYTES:
            self._refuse(Loss.TOO_LARGE, _HEAD)
        if self.head_done:
            return  # a trailer never changes what the headers said
        key = _USUAL.get(name) or name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers = self.headers
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        self.head_done = True
        self.status = self.parser.get_status_code()
        headers = self.headers
        length = headers.get("content-length")
        coding = headers.get("transfer-encoding")
        self.framed = length is not None or coding is not None or self.status < 200 or self.status in (204, 304)
        if coding is not None and coding.lower() != "chunked":
            self._refuse(Loss.NOT_HTTP, "The reply uses a transfer coding that was not asked for.")
        exchange = self.exchange
        if exchange is not None and exchange.method == "HEAD" and self.status >= 200:
            self.complete = True  # whatever length it names, nothing follows
        elif length is not None and length.isdecimal() and int(length) > self.owner.room and self.status != 304:
            self._refuse(Loss.TOO_LARGE, self._too_large())

    def on_body(self, data: bytes) -> None:
        if self.complete:
            raise ValueError("a body where none belongs")
        self.room -= len(data)
        if self.room < 0:
            self._refuse(Loss.TOO_LARGE, self._too_large())
        self.body.append(data)

    def on_message_complete(self) -> None:
        if self.status >= 200 and not self.complete:
            self.complete = True
            self.keep = self.parser.should_keep_alive()  # true only inside this call

    def _too_large(self) -> str:
        return f"The reply is larger than {self.owner.room // 1024} KB."

    def _refuse(self, why: Loss, detail: str) -> None:
        self.loss = Lost(why, detail)
        raise ValueError(detail)
