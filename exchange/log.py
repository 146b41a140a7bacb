"""Logging: one JSON object a line on stderr, made of fields on a list. A value of a lead has no field to stand in.

A record's message is a constant of the code; what varies goes into named fields, and a field that is not on the list
is left out. Of an error only its type and the place in our code are told: messages of errors may repeat what was sent.
Writing never holds a sale up: records wait in a bounded queue, and those that do not fit are counted.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog

FIELDS = frozenset(
    {
        "address",  # where the exchange listens
        "attempt",
        "buyer",
        "campaign",
        "count",
        "database",  # its kind, never its address
        "duty",
        "error",  # the type's name
        "http_status",
        "job",
        "kind",
        "lead",
        "logger",
        "method",
        "process",
        "reason",
        "request",
        "route",  # the pattern, never the path: a path may hold a secret
        "seconds",
        "seller",
        "state",
        "took_ms",
        "version",
        "where",
    }
)
QUEUE_RECORDS = 10_000  # half a minute of one record per request at full load
_OURS = ("exchange", "buyers")
_PLACES = 6

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Logging:
    """The running log; `close` writes what still waits."""

    def __init__(self, listener: QueueListener, queued: DroppingHandler) -> None:
        self._listener = listener
        self._queued = queued

    @property
    def dropped(self) -> int:
        """Records that did not fit into the queue since the start."""
        return self._queued.dropped

    def close(self) -> None:
        logging.getLogger().removeHandler(self._queued)
        self._listener.stop()


class DroppingHandler(QueueHandler):
    """Puts records into a bounded queue and counts those that do not fit."""

    def __init__(self, queue: Queue[Any]) -> None:
        super().__init__(queue)
        self.dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except Full:
            self.dropped += 1

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Everything is put into words here, so that no object of a request lives on in the queue."""
        record.msg = _line(record)
        record.args = record.exc_info = record.exc_text = record.stack_info = None
        return record


def start_logging(stream: TextIO | None = None, level: int = logging.INFO) -> Logging:
    """Send every record of this process, of libraries too, to `stream` (stderr) as JSON lines."""
    queue: Queue[Any] = Queue(QUEUE_RECORDS)
    writer = logging.StreamHandler(stream or sys.stderr)
    writer.setFormatter(logging.Formatter("%(message)s"))
    listener = QueueListener(queue, writer)
    queued = DroppingHandler(queue)
    root = logging.getLogger()
    root.setLevel(level)
    root.addHandler(queued)
    logging.getLogger("aiohttp.access").setLevel(logging.CRITICAL)  # request lines hold query strings
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # each line of each mail
    listener.start()
    return Logging(listener, queued)


class _LineHandler(logging.StreamHandler[TextIO]):
    def format(self, record: logging.LogRecord) -> str:
        return _line(record)


def log_at_once(stream: TextIO | None = None, level: int = logging.INFO) -> logging.Handler:
    """The same lines with no thread and no queue, for a process that parts into others and serves nobody itself.

    Take the handler from the root logger again before `start_logging`.
    """
    handler = _LineHandler(stream or sys.stderr)
    root = logging.getLogger()
    root.setLevel(level)
    root.addHandler(handler)
    return handler


def logger(name: str) -> Any:
    """`logger(__name__).warning("Buyer left alone", buyer="by_1")`: a constant sentence and fields of the list.

    `exc_info=error` adds the error's type and place. Until `start_logging` nothing but sentences is written.
    """
    return structlog.wrap_logger(
        logging.getLogger(name), processors=[_as_record], wrapper_class=structlog.stdlib.BoundLogger
    )


def _as_record(_: Any, __: str, event: MutableMapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    """A structlog event as a record of the standard library, which carries its fields as an attribute."""
    told = {name: value for name, value in event.items() if name in FIELDS}
    error = event.get("exc_info")
    if isinstance(error, BaseException):
        told |= told_error((type(error), error, error.__traceback__))
    return (str(event["event"]),), {"extra": {"fields": told}}


def _line(record: logging.LogRecord) -> str:
    line: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": _sentence(record),
        "logger": record.name,
    }
    fields = getattr(record, "fields", None)
    if isinstance(fields, Mapping):
        line |= {name: _plain(value) for name, value in fields.items() if name in FIELDS}
    if record.exc_info and record.exc_info[0] is not None:
        line |= told_error(record.exc_info)
    return orjson.dumps(line).decode()


def _sentence(record: logging.LogRecord) -> str:
    """Our own sentences with what they name; of a library only the words in its code, whose arguments may be values."""
    if record.name.split(".")[0] in _OURS:
        return record.getMessage()
    return str(record.msg) if isinstance(record.msg, str) and not record.exc_info else "A library reported an error"


def told_error(error: ErrorInfo) -> dict[str, Any]:
    """The type of an error and the last places of our code it went through."""
    places = [
        f"{frame.filename.rsplit('/exchange/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error[2])
    ]
    return {"error": error[0].__name__, "where": places[-_PLACES:]}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | bool | list | None) else str(value)
