"""The bare program: what a lead exchange costs without being one.

    python -m bench.bare --pings 10 --port 9200 --buyers-port 9100

aiohttp server and aiohttp client. A lead comes in as JSON, goes out to N buyers, the best bid gets the post, one row is
made durable, the answer goes back. No checks, no rules, no money, no memory. Its leads a second and processor time are
what the exchange is compared with.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import tempfile
from decimal import Decimal
from pathlib import Path

import aiohttp
import orjson
import uvloop
from aiohttp import web
from yarl import URL

from bench.bidders import address
from bench.store import Store

PING_SECONDS = 2.0
POST_SECONDS = 4.0
REPLY_BYTES = 256 * 1024


class Bare:
    def __init__(self, session: aiohttp.ClientSession, store: Store, pings: int, port: int) -> None:
        self._session, self._store = session, store
        self._pings = [URL(f"http://{address(n)}:{port}/ping") for n in range(pings)]
        self._posts = [URL(f"http://{address(n)}:{port}/post") for n in range(pings)]

    async def lead(self, request: web.Request) -> web.Response:
        """One lead from first byte to durable answer."""
        body = await request.read()
        found = orjson.loads(body)
        bids = [(Decimal(reply["bid"]), n) for n, reply in enumerate(await self._fan_out(body)) if reply is not None]
        price, winner = max(bids, default=(Decimal(0), -1))
        sold = winner >= 0 and await self._post(winner, body)
        answer = orjson.dumps(
            {"status": "accepted" if sold else "unsold", "lead_id": found["seller_lead_id"], "price": str(price)}
        )
        await self._store.put(answer.decode())
        return web.Response(body=answer, content_type="application/json")

    async def _fan_out(self, body: bytes) -> list[dict[str, str] | None]:
        tasks = [asyncio.create_task(self._ask(url, body)) for url in self._pings]
        done, late = await asyncio.wait(tasks, timeout=PING_SECONDS)
        for task in late:
            task.cancel()
        return [task.result() if task in done else None for task in tasks]

    async def _post(self, winner: int, body: bytes) -> bool:
        async with asyncio.timeout(POST_SECONDS):
            reply = await self._ask(self._posts[winner], body)
        return reply is not None and reply["status"] == "accepted"

    async def _ask(self, url: URL, body: bytes) -> dict[str, str] | None:
        try:
            async with self._session.post(url, data=body, allow_redirects=False) as reply:
                if reply.status != 200 or (reply.content_length or 0) > REPLY_BYTES:
                    return None
                found: dict[str, str] = orjson.loads(await reply.read())
                return found
        except (aiohttp.ClientError, ValueError):
            return None


def client() -> aiohttp.ClientSession:
    """As fast as aiohttp's client goes: no cookies, no unpacking, no proxies, connections kept."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=240),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=1.0),
        headers={"Content-Type": "application/json"},
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
    )


async def serve(pings: int, port: int, buyers_port: int, database: Path) -> None:
    store = Store(database)
    async with client() as session:
        app = web.Application()
        app.router.add_post("/lead", Bare(session, store, pings, buyers_port).lead)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1_024).start()
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        print(f"bare program on port {port}, {pings} pings", flush=True)
        await stop.wait()
        await runner.cleanup()
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pings", type=int, default=10)
    parser.add_argument("--port", type=int, default=9200)
    parser.add_argument("--buyers-port", type=int, default=9100)
    parser.add_argument("--database", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = given.database or Path(folder) / "bare.db"
        uvloop.run(serve(given.pings, given.port, given.buyers_port, database))


if __name__ == "__main__":
    main()
