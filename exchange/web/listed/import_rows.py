"""An import as lists, pages and programs are told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exchange.flows.import_files import result_file_name, result_of
from exchange.flows.imports import FAILED
from exchange.flows.market import Market
from exchange.model.importing import ImportRow
from exchange.model.money import Money
from exchange.web.words import utc


@dataclass(frozen=True, slots=True)
class Shown:
    """One import as lists show it."""

    row: ImportRow
    file: str
    campaign: str
    seller: str
    sold: int
    unsold: int
    refused: int
    errors: int
    pending: int
    payout: Money
    percent: int


def shown(market: Market, row: ImportRow) -> Shown:
    campaign = market.deals.campaigns.get(row.campaign_id)
    seller = market.deals.sellers.get(campaign.seller_id) if campaign is not None else None
    counts = row.counts
    return Shown(
        row,
        row.file_name.rpartition("/")[2],
        campaign.name if campaign is not None else row.campaign_id,
        seller.name if seller is not None else "",
        counts.get("accepted", 0),
        counts.get("unsold", 0),
        sum(counts.get(status, 0) for status in (FAILED | {"duplicate"}) - {"error"}),
        counts.get("error", 0),
        counts.get("queued", 0),
        Money(row.payout_units, campaign.currency if campaign is not None else "USD"),
        100 * row.done_rows // row.rows_total if row.rows_total else 0,
    )


def import_fields(each: Shown) -> dict[str, Any]:
    """An import as programs read it."""
    row = each.row
    return {
        "import_id": row.id,
        "state": row.state,
        "file": each.file,
        "campaign_id": row.campaign_id,
        "channel": row.channel,
        "source": row.source,
        "test": True if row.mode == "test" else None,
        "rows": row.rows_total,
        "done": row.done_rows,
        "counts": dict(row.counts),
        "payout": each.payout.text,
        "currency": each.payout.currency,
        "checked": row.checked,
        "report": row.report,
        "problem": row.problem,
        "rate": row.per_second or None,
        "order": row.sort,
        "hours": row.hours or None,
        "made_by": row.made_by,
        "made_at": utc(row.made_at),
        "changed_at": utc(row.changed_at),
    }


def result_response(market: Market, row: ImportRow) -> web.Response:
    """The result as far as it has come, unsealed block by block as it leaves.

    Raises `FileGone`, and `VaultError` or `OSError` when it cannot be opened.
    """
    blocks = result_of(market, row)
    first = next(blocks, b"")

    async def body() -> AsyncIterator[bytes]:
        yield first
        for block in blocks:
            yield block

    name = result_file_name(row).encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    kind = "application/x-ndjson" if name.endswith("jsonl") else "text/csv"
    headers = {
        "Content-Type": f"{kind}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body(), headers=headers)
