"""One bought lead: everything of it, and a button for each word of what became of it. Made for a phone too."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from exchange.flows.dispositions import record_reports, teller_of
from exchange.flows.stored_lead import stored_lead
from exchange.model.feedback import Channel, Report, note_place
from exchange.model.lead import Consent
from exchange.model.money import Money
from exchange.stages.dispositions import Verdict
from exchange.storage.bought import one_bought, told_of_sale
from exchange.storage.database import Row
from exchange.storage.selling import read_lead
from exchange.vault import VaultError
from exchange.web.auth import FORM, actor_of
from exchange.web.buyer_portal.leads import HOME
from exchange.web.keys import MARKET
from exchange.web.listed.bought_rows import line_of
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page
from exchange.web.story.dispositions import CHANNELS

_LEAD = HOME + "/{lead_id:ld_[A-Za-z0-9_]{1,60}}"
KEYS = 9


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said of it."""

    at: int
    kind: str
    word: str | None
    value: Money | None
    note: str
    came: str
    overtaken: bool


def pages() -> tuple[Page, ...]:
    return (Page("GET", _LEAD, show), Page("POST", _LEAD, tell))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.StreamResponse:
    market, actor = request.app[MARKET], actor_of(request)
    row = await market.db.read(one_bought, actor, request.match_info["lead_id"])
    if row is None:
        return await _not_yours(request)
    line = line_of(market, row)
    vertical = market.verticals.get(line.vertical)
    said = [_said(request, row, each) for each in await market.db.read(told_of_sale, actor, line.sale_id)]
    return await page(
        request,
        "buyer_portal/lead.html",
        title=line.name or "A lead",
        here="leads",
        line=line,
        labels={spec.name: spec.label for spec in vertical.fields} if vertical is not None else {},
        kinds=vertical.dispositions if vertical is not None else (),
        converted=vertical.score.converted if vertical is not None else (),
        keys=KEYS,
        said=said,
        consent=await _consent(request, line.lead_id),
        problem=problem,
        done=request.query.get("done") == "1",
        http_status=http_status,
    )


async def tell(request: web.Request) -> web.StreamResponse:
    """Record a word for this lead."""
    form, market, actor = request[FORM], request.app[MARKET], actor_of(request)
    row = await market.db.read(one_bought, actor, request.match_info["lead_id"])
    if row is None:
        return await _not_yours(request)
    note, value = form.get("note", "").strip(), form.get("value", "").strip()
    report = Report(row["sale_id"], form.get("disposition", ""), note, value or None)
    (told,) = await record_reports(market, teller_of(actor, Channel.PORTAL), (report,))
    if told.verdict is Verdict.INVALID and told.problem is not None:
        return await _page(request, f"{told.problem.message.rstrip('.').capitalize()}.", 422)
    return see_other(f"{HOME}/{row['lead_id']}?done=1")


def _said(request: web.Request, sale: Row, row: Row) -> Said:
    value = Money(row["value_units"], sale["currency"]) if row["value_units"] is not None else None
    came = f"{CHANNELS.get(row['channel'], row['channel'])}, {row['told_by']}"
    return Said(row["at"], row["kind"], row["word"], value, _note(request, sale, row), came, bool(row["overtaken"]))


def _note(request: web.Request, sale: Row, row: Row) -> str:
    market = request.app[MARKET]
    if row["sealed_note"] is None or sale["wrapped"] is None:
        return str(row["note"])
    try:
        key = market.vault.data_key(bytes(sale["wrapped"]))
        return market.vault.open(key, note_place(sale["sale_id"]), bytes(row["sealed_note"])).decode()
    except VaultError:
        return ""


async def _consent(request: web.Request, lead_id: str) -> Consent | None:
    """What the consumer agreed to, with the certificates that came with it."""
    market = request.app[MARKET]
    row = await market.db.read(read_lead, lead_id)
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    if row is None or campaign is None:
        return None
    lead = await stored_lead(market, row, campaign)
    consent = lead.consent if lead is not None else None
    shown = consent is not None and (consent.text or consent.agreed_at or consent.trustedform_url)
    return consent if shown or (consent is not None and consent.jornaya_leadid) else None


async def _not_yours(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is no such lead", "You bought no lead with this id.", http_status=404)
