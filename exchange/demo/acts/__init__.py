"""What people and other systems do in the demo beside posting leads: a buyer taps a link, a seller pushes a file.

An act goes in by the same doors as everybody, over the network. It is one file here and one line in `acts`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import ClientSession

if TYPE_CHECKING:
    from exchange.demo.run import Running

_LOG = logging.getLogger("exchange.demo.acts")


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an act plays: the demo that runs, the address it serves at, a client, and the port of each peer by the
    one the documents name."""

    running: Running
    url: str
    session: ClientSession

    def port(self, named: int) -> int:
        return self.running.ports[named]

    def place(self, peer: str) -> Path:
        """The folder of a peer."""
        return self.running.wanted.folder / "peers" / peer


@dataclass(frozen=True, slots=True)
class Act:
    """`play` happens `first_s` after the start, and again each `every_s`; with `every_s` 0 it happens once."""

    name: str
    first_s: float
    every_s: float
    play: Callable[[Scene], Awaitable[None]]


def acts() -> tuple[Act, ...]:
    """Every act of the demo's market, in alphabetical order."""
    from exchange.demo.acts import form  # acts are written in terms of this module
    from exchange.demo.acts.addresses import addresses
    from exchange.demo.acts.answers import answers, bounces
    from exchange.demo.acts.fetchers import puller, spreadsheet
    from exchange.demo.acts.files import left, push, sheet
    from exchange.demo.acts.mails import mailbox, mails
    from exchange.demo.acts.payers import payers
    from exchange.demo.acts.platforms import facebook, feed, gravity, pulled, soap
    from exchange.demo.acts.regrets import regrets
    from exchange.demo.acts.reports import calls, replies, stages, words
    from exchange.demo.acts.shoppers import shoppers
    from exchange.demo.acts.story import story
    from exchange.demo.acts.texts import texts

    return (
        addresses(),
        answers(),
        bounces(),
        calls(),
        facebook(),
        feed(),
        form.act(),
        gravity(),
        left(),
        mailbox(),
        mails(),
        payers(),
        pulled(),
        puller(),
        push(),
        regrets(),
        replies(),
        sheet(),
        shoppers(),
        soap(),
        spreadsheet(),
        stages(),
        *story(),
        texts(),
        words(),
    )


async def play_all(scene: Scene, played: Sequence[Act]) -> None:
    """All acts side by side, each at its times. One that fails is logged and plays again at its next time."""
    async with asyncio.TaskGroup() as group:
        for act in played:
            group.create_task(_play(scene, act))


async def _play(scene: Scene, act: Act) -> None:
    await scene.running.clock.sleep(act.first_s)
    while True:
        try:
            await act.play(scene)
        except Exception:
            _LOG.exception("an act of the demo failed", extra={"kind": act.name})
        if not act.every_s:
            return
        await scene.running.clock.sleep(act.every_s)
