"""Somebody at Swift Windows reads a text, opens its link and takes the lead, or now and then refuses it."""

from __future__ import annotations

from itertools import count

from exchange.demo.acts import Act, Scene
from exchange.demo.peers import HOST
from exchange.demo.peers.telephone import PORT

NUMBER = "+14805550188"
_REFUSES = 5  # every so many texts


def texts() -> Act:
    done: set[str] = set()
    read = count(1)

    async def play(scene: Scene) -> None:
        async with scene.session.get(f"http://{HOST}:{scene.port(PORT)}/screen/{NUMBER}") as screen:
            told = [body for body in await screen.json() if body not in done]
        if not told:
            return
        done.add(told[-1])
        url = told[-1].rpartition(" ")[2]
        async with scene.session.get(url) as opened:
            await opened.read()
        if opened.ok:
            do = "refused" if next(read) % _REFUSES == 0 else "accepted"
            async with scene.session.post(url, data={"do": do}) as answer:
                answer.raise_for_status()

    return Act("texts", 30.0, 20.0, play)
