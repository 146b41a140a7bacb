"""The telephone company of Ridge Home Pros, who take leads by a call, and of Swift Windows, who get a text.

Whoever is rung does one thing after another: most accept, some want to be connected, one refuses, one is not there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from exchange.demo.peers import Peer, Site
from exchange.demo.peers.serving import serving
from exchange.demo.peers.telephone_company import Callee, TelephoneCompany
from exchange.ids import SystemIds

PORT = 8191
NAME = "telephone"
ACCOUNT = "AC00000000000000000000000000000demo"
RING_SECONDS = 4.0
PEOPLE = (
    *(Callee(keys=("1",)), Callee(keys=("9",)), Callee(keys=("1", "*")), Callee("machine"), Callee(keys=("1",))),
    *(Callee(keys=("2",)), Callee(keys=("1", "9")), Callee(keys=("1",)), Callee("no-answer"), Callee(keys=("9",))),
)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    """Its token is new with each start. `/screen/+1…` shows the texts of a telephone, the newest last."""
    token = SystemIds().token()
    async with ClientSession() as session:
        company = TelephoneCompany(ACCOUNT, token, site.clock, session, RING_SECONDS, anybody=PEOPLE)

        async def screen(request: web.Request) -> web.Response:
            number = request.match_info["number"]
            return web.json_response([text.body for text in company.texts if text.to == number])

        async with serving(site.ports[PORT], [*company.routes(), web.get("/screen/{number}", screen)]):
            try:
                yield {"harbor_telephone": token}
            finally:
                await company.close()


def telephone() -> Peer:
    return Peer(NAME, (PORT,), listening)
