"""How long one page takes, what it costs in processor time, and what went wrong with it."""

from __future__ import annotations

import asyncio
import logging
import re
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from aiohttp import ClientError, ClientResponse, ClientSession

from bench.processes import ended_seconds, processor_seconds

TIMES = 5
PATIENCE_SECONDS = 20.0  # a page that takes longer has failed
FIRST_BYTES = 65_536
DASHBOARD_MS, LEAD_MS, SEARCH_MS, OTHER_MS = 300, 150, 100, 300
_BUDGETS: tuple[tuple[str, int], ...] = (
    ("/console/leads/", LEAD_MS),
    ("/console/search", SEARCH_MS),
    ("/console", DASHBOARD_MS),
)


Ask = Callable[[], AbstractAsyncContextManager[ClientResponse]]
"""Sends a request."""


@dataclass(frozen=True, slots=True)
class Took:
    """One page: its median and worst time, the median of its processor time, and how many bytes it sent.

    `failed` says what went wrong, empty when nothing did. On a machine that does something else too a page may be
    late without having done too much; one that did too much is over.
    """

    path: str
    status: int
    median_ms: float
    worst_ms: float
    processor_ms: float
    size: int
    budget_ms: int
    failed: str = ""

    @property
    def met(self) -> bool:
        return not self.failed and self.median_ms <= self.budget_ms

    @property
    def mark(self) -> str:
        if self.failed:
            return "failed"
        return "" if self.met else "over" if self.processor_ms > self.budget_ms else "late"

    def lines(self) -> Iterable[str]:
        spent = f"{self.median_ms:8.1f}  {self.worst_ms:8.1f}  {self.processor_ms:9.1f}"
        yield f"{self.path[:76]:76}  {self.status}  {spent}  {self.size / 1024:8.1f}  {self.budget_ms:6}  {self.mark}"
        if self.failed:
            yield f"    {self.failed}"


class Told(logging.Handler):
    """Errors that the exchange logs while pages are asked for: of which type they were, and where."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        fields = getattr(record, "fields", {})
        if isinstance(fields, Mapping) and "error" in fields:
            self._told.append(f"{fields['error']} at {' < '.join(reversed(fields.get('where', [])))}")
        else:
            self._told.append(record.getMessage())

    def taken(self) -> str:
        """What was told since the last time."""
        told = "; ".join(dict.fromkeys(self._told))
        self._told.clear()
        return told

    def __enter__(self) -> Told:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        logging.getLogger().removeHandler(self)


@dataclass
class Meter:
    """Asks pages of a server in this process. `beside` is the process of a database that works beside it."""

    session: ClientSession
    address: str
    told: Told
    beside: int | None = None
    times: int = TIMES
    _took: list[float] = field(default_factory=list)
    _used: list[float] = field(default_factory=list)

    async def page(self, path: str) -> Took:
        return await self._measured(path, budget_of(path), lambda: self.session.get(self.address + path))

    async def searches(self, wanted: Mapping[str, str]) -> list[Took]:
        """The search as somebody uses it, by what each of them is called: a lead's id, a telephone."""
        async with self.session.get(f"{self.address}/console/help/terms") as answer:
            token = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
        assert token is not None, "the page has no form"
        csrf = token[1]

        def asked(text: str) -> Ask:
            form = {"csrf": csrf, "q": text}
            return lambda: self.session.post(f"{self.address}/console/search", data=form, allow_redirects=False)

        return [
            await self._measured(f"/console/search by {name}", SEARCH_MS, asked(text), nobody=True)
            for name, text in wanted.items()
        ]

    async def _measured(self, path: str, budget: int, ask: Ask, *, nobody: bool = False) -> Took:
        """The first time does not count: it is when templates are read. `nobody`: that nothing was found is an answer
        too.
        """
        status, size, failed = 0, 0, ""
        self._took, self._used = [], []
        for at in range(self.times + 1):
            began, spent = time.perf_counter(), self._spent()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS), ask() as answer:
                    status, size = answer.status, await _read(answer, path)
            except (ClientError, OSError) as error:  # a patience that ended is one of these
                status, failed = 599, f"{type(error).__name__} {error}".strip()
            told = self.told.taken()
            if status >= 400 and not (nobody and status == 404):
                failed = "; ".join(each for each in (f"answered {status}", failed, told) if each)
            elif told:
                failed = told
            if at or failed:
                self._took.append((time.perf_counter() - began) * 1_000)
                self._used.append((self._spent() - spent) * 1_000)
            if failed:
                break
        middle = statistics.median
        return Took(path, status, middle(self._took), max(self._took), middle(self._used), size, budget, failed)

    def _spent(self) -> float:
        """Seconds of processor time, pages and database together."""
        own = time.process_time()
        return own if self.beside is None else own + processor_seconds(self.beside) + ended_seconds(self.beside)


async def _read(answer: ClientResponse, path: str) -> int:
    streamed = path.partition("?")[0].endswith((".csv", ".json"))
    return len(await answer.content.read(FIRST_BYTES) if streamed else await answer.read())


def budget_of(path: str) -> int:
    return next((budget for begin, budget in _BUDGETS if path.startswith(begin)), OTHER_MS)


def report(took: Iterable[Took]) -> bool:
    """Print the table, the slowest first; whether every budget is met."""
    ordered = sorted(took, key=lambda each: (not each.failed, -each.median_ms / each.budget_ms))
    print(f"{'page':76}  http    median     worst  processor        KB  budget")
    for each in ordered:
        print(*each.lines(), sep="\n")
    marks = [each.mark for each in ordered]
    told = ", ".join(f"{marks.count(mark)} {mark}" for mark in ("failed", "over", "late"))
    print(
        f"\n{len(ordered)} pages: {told}; over is what needs more processor time than its budget, late what had to wait"
    )
    return not any(marks)


def grown_to() -> str:
    """How much memory this process has needed at most; empty where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return ""
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return f"{int(peak[1]) / 1024:.0f} MB" if peak else ""
