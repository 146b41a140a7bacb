"""The telephone company of Ridge Home Pros, who take leads by a call, and of Swift Windows, who get a text.

Whoever is rung does one thing after another: most accept, some want to be connected, one refuses, one is not there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from exchange.demo.peers import HOST, Peer, Site
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

        app = web.Application()
        app.add_routes([*company.routes(), web.get("/screen/{number}", screen)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, site.ports[PORT]).start()
            yield {"harbor_telephone": token}
        finally:
            await company.close()
            await runner.cleanup()


def telephone() -> Peer:
    return Peer(NAME, (PORT,), listening)
