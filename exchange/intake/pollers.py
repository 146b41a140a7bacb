"""Who looks at which kind of source, completes what only points at a lead, and reads it again: a line for each kind.

What reads a kind is imported when it is first used: some of it is slow to import, and few exchanges use all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import cast

from exchange.flows.doors import Fetcher, NotPolled, Poller, Reader
from exchange.flows.market import Market
from exchange.model.source import Item, Polled
from exchange.sources.document import Source


def pollers() -> Mapping[str, Poller]:
    """Kinds of sources, in alphabetical order, and the module whose `poll` looks at each."""
    return {
        "drop": _poller("exchange.intake.drops"),
        "feed": _poller("exchange.intake.feeds"),
        "mailbox": _poller("exchange.intake.mail.mailbox"),
        "pull": _poller("exchange.intake.pulls"),
    }


def fetchers() -> Mapping[str, Fetcher]:
    """Kinds of sources, in alphabetical order, and the module whose `fetch` completes messages of each."""
    return {
        "hook": _fetcher("exchange.intake.hooks"),
    }


def readers() -> Mapping[str, Reader]:
    """Kinds of sources, in alphabetical order, and the module whose `read` reads messages of each again."""
    return {
        "feed": _reader("exchange.intake.feeds"),
        "hook": _reader("exchange.intake.hooks"),
        "mail": _reader("exchange.intake.mail.items"),
        "mailbox": _reader("exchange.intake.mail.items"),
        "pull": _reader("exchange.intake.pulls"),
    }


def _poller(module: str) -> Poller:
    def poll(market: Market, source: Source, cursor: str) -> AsyncIterator[Polled]:
        return cast(Poller, _loaded(module).poll)(market, source, cursor)

    return poll


def _fetcher(module: str) -> Fetcher:
    async def fetch(market: Market, source: Source, item: Item) -> Item:
        return await cast(Fetcher, _loaded(module).fetch)(market, source, item)

    return fetch


def _reader(module: str) -> Reader:
    def read(source: Source, item: Item) -> Item:
        return cast(Reader, _loaded(module).read)(source, item)

    return read


def _loaded(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        told = f"This kind of source needs the package {error.name}: pip install 'lead-exchange[intake]'"
        raise NotPolled(told) from error
