"""Many deliveries sent again: counted before anything goes, then at a pace, with a way to stop."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.fields.instant import read_instant
from exchange.flows.resend_many import MOST, PER_MINUTE_MOST, STATUSES, CannotBegin, Which, begin_many, find_many
from exchange.storage.resend_runs import last_runs
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.keys import MARKET
from exchange.web.listed.leads import buyers
from exchange.web.pages import Page, see_other
from exchange.web.render import mode_of, page

HOME = "/console/resends"
WORDS: Mapping[str, str] = {
    "failed": "failed or refused",
    "put_aside": "put aside, tried too often",
    "nobody_knows": "nobody knows whether they arrived",
}
_SHOWN = 20


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("POST", HOME, act))


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def act(request: web.Request) -> web.StreamResponse:
    """Count what would go, or have it go."""
    market, form, actor = request.app[MARKET], request[FORM], actor_of(request)
    try:
        which = _which(request, form)
        if form.get("do") != "send":
            return await _page(request, found=len(await find_many(market, which, actor)), told=_told(request, which))
        run_id = await begin_many(market, which, _told(request, which), _rate(form), actor, ip_of(request))
    except CannotBegin as error:
        return await _page(request, str(error), http_status=422)
    return see_other(f"{HOME}/{run_id}")


def _which(request: web.Request, form: Mapping[str, str]) -> Which:
    since, until = _instant(form, "since"), _instant(form, "until")
    if since is not None and until is not None and since >= until:
        raise CannotBegin("since must lie before until.")
    return Which(form.get("status", ""), form.get("buyer", ""), since, until, mode_of(request))


def _instant(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    at = read_instant(text if "T" in text else f"{text}T00:00:00Z")
    if at is None:
        raise CannotBegin(f"{name}: a time such as 2026-11-20T14:00:00Z, or a day. Got {text[:30]!r}.")
    return at


def _rate(form: Mapping[str, str]) -> int:
    text = form.get("rate", "").strip() or "60"
    if not text.isdecimal() or len(text) > 5:
        raise CannotBegin(f"rate: 1 to {PER_MINUTE_MOST} a minute. Got {text[:20]!r}.")
    return int(text)


def _told(request: web.Request, which: Which) -> str:
    """Which deliveries they are, in words."""
    buyer = request.app[MARKET].deals.buyers.get(which.buyer_id)
    form = request[FORM]
    parts = [WORDS.get(which.status, which.status), f"of {buyer.name}" if buyer is not None else "of every buyer"]
    parts += [f"{word} {form[name].strip()[:30]}" for name, word in (("since", "from"), ("until", "until"))
              if form.get(name, "").strip()]  # fmt: skip
    return ", ".join(parts)


async def _page(
    request: web.Request, problem: str = "", *, found: int | None = None, told: str = "", http_status: int = 200
) -> web.StreamResponse:
    market = request.app[MARKET]
    return await page(
        request,
        "console/leads/resends.html",
        title="Send deliveries again",
        here="deliveries",
        statuses=[(name, WORDS[name]) for name in STATUSES],
        buyers=buyers(market),
        runs=await market.db.read(last_runs, actor_of(request), _SHOWN),
        given=request.get(FORM, {}),
        found=found,
        told=told,
        most=MOST,
        rate_most=PER_MINUTE_MOST,
        problem=problem,
        http_status=http_status,
    )
