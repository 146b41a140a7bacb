"""Where the time of a lead went: one bar for each step, request by request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from exchange.flows.market import Market
from exchange.model.delivery import spoken
from exchange.model.money import Money
from exchange.web.charts.waterfall import Bar, Part, waterfall
from exchange.web.story.contracts import CUT
from exchange.web.story.lasting import is_told
from exchange.web.story.records import Request, Story
from exchange.web.words import duration, money

_NAMES = {"ping": "Ping", "post": "Post", "pingpost": "Request"}
_MOST_PINGS = 25


def parts_of(market: Market, story: Story) -> list[Part]:
    """The requests that were worked, with their steps."""
    worked = [request for request in story.requests if request.trail is not None]
    if not worked:
        return []
    first = worked[0].received_at
    bought = {attempt["contract_id"] for attempt in story.rows.attempts if attempt["state"] == "accepted"}
    currency = story.lead["currency"]
    return [
        Part(
            _NAMES.get(request.row["endpoint"], "Request"),
            request.received_at - first,
            request.took_ms,
            tuple(_bars(market, request, bought, currency)),
        )
        for request in worked
    ]


def where_the_time_went(parts: list[Part]) -> Markup:
    told = "; ".join(f"{part.name} answered in {duration(part.took_ms)}" for part in parts)
    return waterfall(parts, f"Where the time went. {told}.")


def _bars(market: Market, request: Request, bought: set[str], currency: str) -> list[Bar]:
    trail = request.trail or {}
    asked, posts = trail["asked"], trail["posts"]
    starts = [line["at"] for line in (*asked, *posts)]
    checks = min(starts, default=request.took_ms)
    bars = [Bar("Checks", 0.0, checks, "own", duration(checks))]
    vendors = [_vendor(market, step) for step in trail["steps"] if _is_of_vendor(step)]
    bars += [bar for bar in vendors if bar.at < checks]
    for line in asked[:_MOST_PINGS]:
        bars.append(_ping(market, line, bought, currency))
    bars += [bar for bar in vendors if bar.at >= checks]
    for line in posts:
        if line["took"] or line["state"] in ("accepted", "rejected"):
            bars.append(_post(market, line))
    done = max([checks, *(line["at"] + line["took"] for line in (*asked, *posts))])
    sold = any(line["state"] == "accepted" for line in posts) or (request.row["status"] == "accepted")
    rest = max(request.took_ms - done, 0.0)
    bars.append(Bar("Answer", done, rest, "sale" if sold else "own", f"{duration(request.took_ms)} in all"))
    return bars


def _ping(market: Market, line: Mapping[str, Any], bought: set[str], currency: str) -> Bar:
    bids = [Money.parse(bid["price"], currency) for bid in line["bids"]]
    why = "not waited for" if line.get("detail") == CUT else str(line.get("reason")).replace("_", " ")
    told = money(max(bids, key=lambda bid: bid.units)) if bids else why
    tone = "own" if not bids else "sale" if line["contract"] in bought else "bid"
    name = f"Ping {market.deals.buyer_name(line['contract'])}"
    return Bar(_short(name), line["at"], line["took"], tone, f"{duration(line['took'])}, {told}")


def _is_of_vendor(step: Mapping[str, Any]) -> bool:
    return str(step.get("check", "")).startswith("verifier:") and not step["skipped"] and is_told(step["took"])


def _vendor(market: Market, step: Mapping[str, Any]) -> Bar:
    name = str(step["check"]).removeprefix("verifier:")
    ready = market.deals.shapes.verifiers.get(name)
    title = ready.card.title if ready is not None else name
    return Bar(_short(f"Ask {title}"), step["at"], step["took"], "own", duration(step["took"]))


def _post(market: Market, line: Mapping[str, Any]) -> Bar:
    tone = {"accepted": "sale", "rejected": "bad", "failed": "bad"}.get(line["state"], "warn")
    name = f"Post {market.deals.buyer_name(line['contract'])}"
    later = line.get("beside")
    told = f"later, by {spoken(later)}" if later else f"{duration(line['took'])}, {line['state']}"
    return Bar(_short(name), line["at"], line["took"], tone, told)


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
