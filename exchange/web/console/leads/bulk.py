"""Something done with many leads: first how many it is and what it does to money, then once, with the reason kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web

from exchange import limits
from exchange.flows.exports import note_export, personal_values
from exchange.flows.lead_bulk import ACTS, CannotDo, Wish, do_many
from exchange.flows.market import Market
from exchange.flows.reveal import MayNotReveal
from exchange.flows.review import BadNote
from exchange.model.money import Money
from exchange.model.rights import Right, may, needed
from exchange.storage.lead_bulk import Group, groups_of, lead_ids_of
from exchange.storage.lead_filters import LeadFilter
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.listed.lead_rows import COLUMNS, every_line
from exchange.web.listed.leads import LEADS, lead_filter
from exchange.web.listed.states import PATH
from exchange.web.lists.query import PAGE, Query, read_query
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page, times_of
from exchange.web.words import plural

_CHOSEN = "id:"
OF_ERASED = ("tag", "untag", "export")
"""What can be done with leads whose personal values are gone."""


class Told(NamedTuple):
    """An action in words: its button with `{leads}`, the states of leads it is for (none: all), what it does."""

    button: str
    states: tuple[str, ...]
    does: str


TOLD: Mapping[str, Told] = MappingProxyType(
    {
        "resell": Told(
            "Sell {leads} again",
            ("unsold",),
            "Buyers who were not asked before are asked now. No money moves until one of them takes a lead.",
        ),
        "store": Told(
            "Put {leads} in the store",
            ("unsold",),
            "Each is listed at the first price of its campaign's store. No money moves until a buyer takes one.",
        ),
        "release": Told(
            "Release {leads} from hold",
            ("held",),
            "Each goes on to buyers as if it had never been held. No money moves until one of them takes it.",
        ),
        "reject": Told(
            "Reject {leads}",
            ("held",),
            "Each ends rejected and its seller is told. Nothing was paid for it, so no money moves.",
        ),
        "tag": Told("Tag {leads}", (), "The word stands on each of them. Nothing else changes."),
        "untag": Told("Take the tag off {leads}", (), "The word goes. Nothing else changes."),
        "export": Told("Export {leads}", (), "A CSV with every column. Personal data stays masked unless you say why."),
        "erase": Told(
            "Erase {leads}",
            (),
            "Personal values are blanked for good and every buyer of them is told. Sales, money and verdicts stay. "
            "What is under a legal hold stays as it is.",
        ),
    }
)


def pages() -> tuple[Page, ...]:
    return (
        Page("POST", f"{PATH}/bulk", preview, Right.SEE),
        Page("POST", f"{PATH}/bulk/sure", do, Right.SEE),
    )


async def preview(request: web.Request) -> web.StreamResponse:
    """How many leads it is, how they stand, and what happens to money. Nothing is done yet."""
    act, wanted = request[FORM].get("act", ""), _wanted(request)
    if act not in TOLD or wanted is None:
        told = "Choose leads, or all that match, and what to do with them."
        return await notice(request, "Nothing was chosen", told, http_status=422)
    return await _page(request, act, wanted)


async def do(request: web.Request) -> web.StreamResponse:
    """Do it. Sent twice it finds nothing left to do."""
    market, form, actor = request.app[MARKET], request[FORM], actor_of(request)
    act, wanted = form.get("act", ""), _wanted(request)
    if act not in TOLD or wanted is None:
        return await notice(request, "Nothing was chosen", "Choose leads and what to do with them.", http_status=422)
    if act == "export":
        return await _export(request, wanted)
    ids = await market.db.read(lead_ids_of, actor, _able(act, wanted), limits.LEADS_AT_ONCE + 1)
    if len(ids) > limits.LEADS_AT_ONCE:
        return await _page(request, act, wanted, _too_many(), 422)
    wish = Wish(act, ids, form.get("why", "").strip(), " ".join(form.get("tag", "").lower().split()))
    try:
        done = await do_many(market, wish, actor, ip_of(request))
    except CannotDo as error:
        return await _page(request, act, wanted, str(error), 403 if not may(actor, ACTS[act][0]) else 422)
    except BadNote as error:
        return await _page(request, act, wanted, str(error), 422)
    back = _query(request).url()
    if done.left:
        told = f"{plural(done.done, 'lead')} done, {done.left} left as they were: they changed meanwhile, or cannot."
        return await notice(request, "Not with all of them", told, http_status=409, links=[("To the list", back)])
    return see_other(back)


def _query(request: web.Request) -> Query:
    """The list as it stood when somebody chose."""
    query = dict(parse_qsl(request[FORM].get("query", "")[:2_000]))
    return read_query(LEADS, query, query.get("mode", "live") if query.get("mode") == "test" else "live")


def _wanted(request: web.Request) -> LeadFilter | None:
    """The leads that are meant: those chosen, or all that matched at that moment. None when there are none."""
    form, asked = request[FORM], _query(request).all_of(times_of(request))
    if form.get("which") == "all":
        as_of = form.get("as_of", "")
        until = int(as_of) if as_of.isdecimal() and len(as_of) < 15 else asked.times.now + 1
        wanted = lead_filter(asked)
        return replace(wanted, until=min(until, wanted.until or until))
    ids = tuple(name.removeprefix(_CHOSEN) for name in form if name.startswith(_CHOSEN))[:PAGE]
    return LeadFilter(mode=asked.mode, ids=ids) if ids else None


def _able(act: str, wanted: LeadFilter) -> LeadFilter:
    """Of the leads that are meant, those it can be done with."""
    states = TOLD[act].states
    wanted = replace(wanted, kept=act not in OF_ERASED)
    if not states:
        return wanted
    return replace(wanted, states=states if not wanted.states or set(states) <= set(wanted.states) else ("none",))


def _too_many() -> str:
    return f"That are more than {limits.LEADS_AT_ONCE:,} at once. Narrow the list first, by a period for example."


def _is_able(act: str, group: Group) -> bool:
    states = TOLD[act].states
    return (not states or group.state in states) and not (group.erased and act not in OF_ERASED)


async def _page(
    request: web.Request, act: str, wanted: LeadFilter, problem: str = "", http_status: int = 200
) -> web.Response:
    form, actor = request[FORM], actor_of(request)
    groups = await request.app[MARKET].db.read(groups_of, actor, wanted)
    able = sum(each.leads for each in groups if _is_able(act, each))
    right = ACTS[act][0] if act in ACTS else Right.SEE
    lacks = "" if may(actor, right) else f"To {right.value} needs the role {needed(right)}."
    limit = _too_many() if act != "export" and able > limits.LEADS_AT_ONCE else ""
    return await page(
        request,
        "console/leads/bulk.html",
        title=TOLD[act].button.format(leads=plural(able, "lead")),
        here="leads",
        mode=wanted.mode,
        http_status=http_status,
        act=act,
        does=TOLD[act].does,
        able=able,
        groups=[(each, _is_able(act, each), Money(each.revenue_units, each.currency)) for each in groups],
        money=_money(act, groups),
        chosen=wanted.ids,
        which=form.get("which", "chosen"),
        as_of=form.get("as_of", "") or times_of(request).now + 1,
        query=form.get("query", ""),
        back=_query(request).url(),
        may_reveal=may(actor, Right.EXPORT),
        problem=problem or lacks or limit,
        possible=not lacks and not limit and able > 0,
        given={name: form.get(name, "") for name in ("why", "tag")},
    )


def _money(act: str, groups: Sequence[Group]) -> list[tuple[Money, Money]]:
    """What the leads brought, by currency: revenue and payout, which stay as they are."""
    sums: dict[str, tuple[int, int]] = {}
    for each in groups:
        if _is_able(act, each):
            revenue, payout = sums.get(each.currency, (0, 0))
            sums[each.currency] = revenue + each.revenue_units, payout + each.payout_units
    told = sorted((currency, both) for currency, both in sums.items() if both[0])
    return [(Money(revenue, currency), Money(payout, currency)) for currency, (revenue, payout) in told]


async def _export(request: web.Request, wanted: LeadFilter) -> web.StreamResponse:
    """The leads as CSV, noted in the audit log first; with personal values for whoever may and says why."""
    market, form, actor = request.app[MARKET], request[FORM], actor_of(request)
    why = form.get("why", "").strip() if form.get("personal") else None
    facts: dict[str, object] = {"which": form.get("which", "chosen"), "query": form.get("query", "")[:500]}
    try:
        await note_export(market, {**facts, "revealed": why is not None}, why, actor)
    except MayNotReveal as refused:
        return await _page(request, "export", wanted, str(refused), 422)
    response = web.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"})
    response.headers["Content-Disposition"] = 'attachment; filename="leads.csv"'
    await response.prepare(request)
    async for part in _exported(request, wanted, personal=why is not None):
        await response.write(part)
    await response.write_eof()
    return response


async def _exported(request: web.Request, wanted: LeadFilter, *, personal: bool) -> AsyncIterator[bytes]:
    market, actor = request.app[MARKET], actor_of(request)
    names = (*COLUMNS, *(_personal_fields(market) if personal else ()))
    yield csv_rows([list(names)])
    async for lines in every_line(market, actor, wanted):
        opened = await personal_values(market, actor, [line.id for line in lines]) if personal else {}
        told = ({**opened.get(line.id, {}), **line.fields()} for line in lines)
        yield csv_rows([[fields.get(name) for name in names] for fields in told])


def _personal_fields(market: Market) -> tuple[str, ...]:
    fields = (field for vertical in market.verticals.values() for field in vertical.fields)
    return tuple(dict.fromkeys(each.name for each in fields if each.personal and each.name not in COLUMNS))
