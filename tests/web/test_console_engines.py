"""Every page reads both engines alike."""

from __future__ import annotations

from pathlib import Path

from exchange.model.wire import Loss, Lost
from exchange.storage.database import Db
from tests.market import buying, open_exchange, selling
from tests.web.leads import refused_then_sold, sell
from tests.web.served import serve_exchange
from tests.web.visitor import signed_in

PATHS = (
    "/console",
    "/console.json",
    "/console?mode=test",
    "/console?period=yesterday",
    "/console/leads?status=rejected&state=AZ&seller=cedar&vertical=solar&period=7d",
    "/console/leads?buyer=birch&reason=x&status=sold&mode=test",
    "/console/leads.json?status=sold",
    "/console/leads.csv?buyer=birch",
    "/console/unclear",
    "/console/unclear.json",
)


async def test_every_page_reads_this_engine(tmp_path: Path, db: Db | None) -> None:
    async with open_exchange(tmp_path, db=db) as exchange, serve_exchange(exchange) as served:
        await exchange.add(*selling("cedar"), *buying("acme"), *buying("birch"), *buying("cobalt"))
        lead_id = (await refused_then_sold(served))["lead_id"]
        exchange.buyers.answers_posts("acme", Lost(Loss.TIMEOUT, "The buyer did not answer in time."))
        await sell(served, 1)
        await sell(served, 2, zip="123")
        async with signed_in(served) as visitor:
            for path in (*PATHS, f"/console/leads/{lead_id}", f"/console/leads/{lead_id}.json"):
                assert 200 == (await visitor.open(path)).http_status, path
            told = (await visitor.open("/console.json")).fields
            assert (3, 1, 1, 1) == tuple(told[name] for name in ("leads", "sold", "rejected", "unclear"))
            assert ("36.50", "30.40", "6.10") == tuple(told[name] for name in ("revenue", "payout", "margin"))
            assert 1 == (await visitor.open("/console/leads.json?buyer=birch&state=AZ")).fields["count"]
            shown = await visitor.submit(f"/console/leads/{lead_id}/reveal", why="a complaint")
            assert "Sandoval" in shown.source
            found = await visitor.submit("/console/search", q="maria@consumer.example", follow=False)
            assert f"/console/leads/{lead_id}" == found.headers["Location"]
