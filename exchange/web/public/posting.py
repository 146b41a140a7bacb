"""`/p/{page}`: how to post into one campaign, made from what is enforced, with a request to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.specs import docs_of, page_of, sample_key, spec_of
from exchange.model.actor import Role
from exchange.model.party import Campaign
from exchange.model.spec import FieldLine, Spec
from exchange.stages.macros import MACROS
from exchange.stages.magic import OUTCOMES
from exchange.stages.spec_changes import changes, day
from exchange.storage.parties import KeyRow
from exchange.storage.specs import SpecRow, passed_steps, read_spec, read_specs
from exchange.storage.users import Session
from exchange.web.auth import HOME, PORTALS, find_session, read_form
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.posting import files
from exchange.web.posting import words as said
from exchange.web.posting.address import NO_KEY, PAGE, open_page, unknown
from exchange.web.posting.documents import base_of, rules_of
from exchange.web.posting.samples import body_of, painted, sample_pairs, samples
from exchange.web.posting.try_it import Tried, Wanted, run, wanted_of
from exchange.web.render import notice, page

_VERSIONS = 50  # of the changes that are told


class Change(NamedTuple):
    """What a version changed; nothing in the first."""

    number: int
    made_at: int
    sentences: tuple[str, ...]


def pages() -> tuple[Page, ...]:
    own = (Page("GET", PAGE, show), Page("GET", PAGE + "/try", show), Page("POST", PAGE + "/try", try_it))
    return (*own, *files.pages())


async def show(request: web.Request) -> web.StreamResponse:
    campaign = await open_page(request)
    if campaign is None:
        return await unknown(request)
    version = request.query.get("v", "")
    row = None
    if version:
        row = await _version(request.app[MARKET], campaign, version)
        if row is None:
            told = f"These instructions have no version {version[:20]}. The newest is at the address without ?v=."
            return await notice(request, "There is no such version", told, http_status=404)
    return await _page(request, campaign, row, _filled(request, campaign), None)


async def try_it(request: web.Request) -> web.StreamResponse:
    campaign = await open_page(request)
    if campaign is None:
        return await unknown(request)
    form = await read_form(request)
    market = request.app[MARKET]
    if form.get("fill"):
        return await _page(request, campaign, None, _filled(request, campaign, form), None)
    wanted = wanted_of(form, "")
    tried = await run(request, market, campaign, wanted)
    return await _page(request, campaign, None, wanted, tried)


async def _version(market: Market, campaign: Campaign, number: str) -> SpecRow | None:
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        return None
    return await market.db.read(read_spec, campaign.id, int(number))


def _filled(request: web.Request, campaign: Campaign, form: Mapping[str, str] | None = None) -> Wanted:
    """A request that is answered well, in the form that was chosen."""
    market = request.app[MARKET]
    chosen = wanted_of({**(form or request.query), "body": ""}, "")
    call = "ping" if chosen.call == "ping" else "post"
    pairs = sample_pairs(spec_of(market.deals, campaign), call, market.clock.now())
    key = sample_key(market, campaign.id) or NO_KEY
    return chosen._replace(body=body_of((("campaign_key", key), *pairs), chosen.form))


async def _page(
    request: web.Request, campaign: Campaign, old: SpecRow | None, wanted: Wanted, tried: Tried | None
) -> web.Response:
    market = request.app[MARKET]
    now = market.clock.now()
    rows = await market.db.read(read_specs, campaign.id, _VERSIONS)
    spec = old.spec if old is not None else spec_of(market.deals, campaign)
    key = sample_key(market, campaign.id)
    session = await find_session(request)
    return await page(
        request,
        "public/posting.html",
        title=spec.title,
        mode="test",
        spec=spec,
        row=old or rows[0],
        newest=rows[0],
        told_changes=_told(rows),
        lines=_lines(spec, request.query.get("q", "")),
        query=request.query.get("q", ""),
        counts=_counts(spec, now),
        at=now,
        day=day,
        here_path=f"/p/{page_of(market, campaign.id)}",
        public_url=market.public_url,
        shown_samples=_samples(market, spec, key or NO_KEY, now),
        painted=painted,
        sample_key=key,
        steps=said.steps(_hears(market, campaign), await market.db.read(passed_steps, campaign.id)),
        answers=said.answers(campaign, docs_of(market, campaign), now),
        codes=said.CODES,
        reasons=said.reasons(),
        test_values=said.test_values(),
        outcomes=OUTCOMES,
        rules=rules_of(market, campaign),
        postback=said.postback(campaign),
        macros=MACROS,
        heard=said.postback_events(),
        tried_again=said.tried_again(),
        paused=campaign.paused_reason or "The campaign is paused." if campaign.state.value != "active" else "",
        viewer=session.user.email if session is not None else None,
        viewer_home=PORTALS.get(session.user.role, HOME) if session is not None else "",
        leads=_leads(campaign, session),
        live_keys=_live_keys(market, campaign, session),
        wanted=wanted,
        tried=tried,
    )


def _hears(market: Market, campaign: Campaign) -> bool:
    """Whether an address of the seller's own, or the campaign's, is told of sales."""
    found = market.deals.hearers.of("lead.sold", Role.SELLER, campaign.seller_id, campaign.id, late=True)
    return any(each.role is Role.SELLER for each in found)


def _told(rows: Sequence[SpecRow]) -> tuple[Change, ...]:
    """Newest first. The first version has nothing to differ from."""
    told = [Change(after.number, after.made_at, changes(before.spec, after.spec)) for after, before in pairwise(rows)]
    if rows[-1].number == 1:
        told.append(Change(1, rows[-1].made_at, ()))
    return tuple(told)


def _lines(spec: Spec, query: str) -> tuple[FieldLine, ...]:
    """The fields that a word is about: in a name, a label, another name or a value."""
    word = query.strip().lower()
    return tuple(
        line
        for line in spec.fields
        if not word or any(word in text.lower() for text in (line.name, line.label, *line.aliases, *line.allowed))
    )


def _counts(spec: Spec, now: int) -> Mapping[str, int]:
    return {
        "all": len(spec.fields),
        "ping": sum(line.sent("ping") for line in spec.fields),
        "post": sum(line.sent("post") for line in spec.fields),
        "required": sum(line.needed("ping", now) or line.needed("post", now) for line in spec.fields),
    }


def _samples(market: Market, spec: Spec, key: str, now: int) -> list[tuple[Any, Any]]:
    """Of each language, the ping and the post. A test post that says its outcome is never a duplicate."""
    base = base_of(market)
    ping = samples(f"{base}/ping", key, sample_pairs(spec, "ping", now))
    post = samples(f"{base}/post", key, (*sample_pairs(spec, "post", now), ("test_outcome", "sold")))
    return list(zip(ping, post, strict=True))


def _leads(campaign: Campaign, session: Session | None) -> str:
    """Where whoever looks finds the leads of this campaign; empty for everybody who does not."""
    user = session.user if session is not None else None
    if user is None or not (user.role == "operator" or (user.role == "seller" and user.party_id == campaign.seller_id)):
        return ""
    return f"{PORTALS.get(user.role, HOME)}/leads"


def _live_keys(market: Market, campaign: Campaign, session: Session | None) -> tuple[KeyRow, ...] | None:
    """The live keys in use, for those they belong to and whoever runs the exchange; None for everybody else."""
    if not _leads(campaign, session):
        return None
    keys = (key for key in market.deals.keys.values() if key.kind == "campaign" and key.party_id == campaign.id)
    return tuple(sorted((key for key in keys if key.mode == "live"), key=lambda key: key.made_at))
