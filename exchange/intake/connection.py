"""The server's side of a connection, guarded: a request's head must arrive in time, and what is refused is not read on.

aiohttp has no deadline for a head that trickles in and reads on after a refusal; its protocol class is extended by
exactly these two, through methods it offers. Serve with `GuardedRunner` in the place of `web.AppRunner`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from exchange import limits

_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_UNREADABLE = '{"status":"error","reason":"bad_request","message":"The request is not readable HTTP."}'
_log = logging.getLogger(__name__)


class GuardedConnection(web.RequestHandler):
    """One client. `started` is the loop's time at the first byte of the request under way, or None between two."""

    __slots__ = ("_discarded", "_head_complete", "_head_seconds", "_refused", "_timer", "started")

    def __init__(
        self, server: web.Server, *, loop: asyncio.AbstractEventLoop, head_seconds: float, **kwargs: Any
    ) -> None:
        super().__init__(server, loop=loop, **kwargs)
        self.started: float | None = None
        self._head_seconds = head_seconds
        self._head_complete = False
        self._timer: asyncio.TimerHandle | None = None
        self._refused = False
        self._discarded = 0

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._discard(len(data))
            return
        if self.started is None:
            self.started = self._loop.time()
            if self._timer is None:  # one timer serves many requests: it looks again when it fires
                self._timer = self._loop.call_later(self._head_seconds, self._check_head)
        super().data_received(data)

    def head_complete(self) -> None:
        """The request's head is read; from here on its body has the deadline."""
        self._head_complete = True

    def refuse_rest(self) -> None:
        """Read no more of this request: what still comes is dropped, and past a limit the line is cut."""
        self._refused = True
        self.close()

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > limits.LINGER_BYTES:
            self.force_close()

    def _check_head(self) -> None:
        self._timer = None
        if self.started is None or self._head_complete:
            return
        left = self.started + self._head_seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check_head)
            return
        if self.transport is not None:
            self.transport.write(_LATE)
        self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        finished = await super().finish_response(request, resp, start_time)
        self.started = None
        self._head_complete = False
        return finished

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A fixed answer to bytes that are not HTTP: the parser's own words repeat them, in the answer and the log."""
        if status != 400:
            return super().handle_error(request, status, exc, message)
        _log.info("unreadable HTTP: %s", type(exc).__name__)
        answer = web.Response(status=400, text=_UNREADABLE, content_type="application/json")
        answer.force_close()
        return answer

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)


class GuardedServer(web.Server):
    """Makes a `GuardedConnection` for every client of an aiohttp server."""

    def __init__(
        self, server: web.Server, loop: asyncio.AbstractEventLoop, head_seconds: float, settings: dict[str, Any]
    ) -> None:
        super().__init__(
            server.request_handler,
            request_factory=self._begin,
            handler_cancellation=server.handler_cancellation,
            loop=loop,
        )
        self._factory = server.request_factory
        self._head_seconds = head_seconds
        self._settings = settings
        self.told_of_ends: Callable[[], None] | None = None

    def __call__(self) -> web.RequestHandler:
        return GuardedConnection(self, loop=self._loop, head_seconds=self._head_seconds, **self._settings)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        if self.told_of_ends is not None:
            self.told_of_ends()

    def _begin(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        protocol.head_complete()
        return self._factory(message, payload, protocol, writer, task)


class GuardedRunner(web.AppRunner):
    """`web.AppRunner` whose connections are guarded. `head_seconds` bounds a request's head, from its first byte."""

    def __init__(self, app: web.Application, *, head_seconds: float = limits.REQUEST_SECONDS, **settings: Any) -> None:
        super().__init__(app, **{**serve_limits(), **settings})
        self._head_seconds = head_seconds

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return GuardedServer(server, asyncio.get_running_loop(), self._head_seconds, dict(self._kwargs))


def serve_limits() -> dict[str, Any]:
    """aiohttp's own settings for the front door: small heads, no unpacking, a short goodbye."""
    return {
        "max_line_size": limits.HEADER_LINE_BYTES,
        "max_field_size": limits.HEADER_LINE_BYTES,
        "max_headers": limits.HEADERS,
        "keepalive_timeout": limits.KEEPALIVE_SECONDS,
        "lingering_time": limits.LINGER_SECONDS,
        "read_bufsize": limits.READ_BUFFER_BYTES,
        "auto_decompress": False,
    }
