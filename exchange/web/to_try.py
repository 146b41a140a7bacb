"""What somebody who looks around is asked to try: handed in by whoever serves, shown under the dashboard's title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to try, and the page where it is done. `done` is looked up, never said."""

    name: str
    title: str
    about: str
    href: str
    done: bool


class ToTry(Protocol):
    """`last` is the sentence under the things."""

    last: str

    async def things(self) -> Sequence[Thing]:
        """None once all are done or somebody dismissed them."""
        ...

    async def note(self, request: web.Request, response: web.StreamResponse) -> None:
        """Hears of every answer before it leaves: some things are done by looking."""
        ...

    def dismiss(self) -> None: ...


TO_TRY: web.AppKey[ToTry] = web.AppKey("to_try", ToTry)


async def things_for(app: web.Application) -> Sequence[Thing]:
    return await app[TO_TRY].things() if TO_TRY in app else ()


def add_to_try(app: web.Application, to_try: ToTry) -> None:
    app[TO_TRY] = to_try
    app.on_response_prepare.append(to_try.note)
