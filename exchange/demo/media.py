"""Where the demo's leads come from, what that costs, who is told of it, and the people of its first buyer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from exchange.courier.addresses import Network
from exchange.demo.peers import HOST
from exchange.demo.peers.adverts import PORT
from exchange.flows.adverts import keep_account
from exchange.flows.agent_terms import Wanted
from exchange.flows.attribution import make_link
from exchange.flows.follow_desk import invite_agent, set_rules
from exchange.flows.market import Market
from exchange.flows.media_costs import bring_costs
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.advert import NAMES
from exchange.storage.adverts import ad_accounts

AGENTS = ("dana@agents.example", "eli@agents.example")
COST_DAYS = 14
_VERTICALS = "solar, auto_insurance, home_services, health_insurance"
_SOURCES: tuple[tuple[str, str, str, str], ...] = (
    ("google", "search-brand", "headline-1", "gclid"),
    ("google", "search-brand", "headline-2", "gclid"),
    ("google", "search-generic", "headline-2", "gclid"),
    ("google", "search-generic", "headline-3", "gclid"),
    ("meta", "lookalike", "video-a", "fbclid"),
    ("meta", "lookalike", "picture-b", "fbclid"),
    ("microsoft", "search-generic", "headline-2", "msclkid"),
    ("tiktok", "homeowners", "clip-1", "ttclid"),
)
_OF_TEN = 8
"""So many leads of ten say where they came from."""
_COSTS: Mapping[str, int] = MappingProxyType({"google": 41, "meta": 27, "microsoft": 12, "tiktok": 9})
_ACCOUNTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "google": {"account": "123-456-7890", "action": "7001", "action_name": "Sold lead",
                   "client_id": "demo", "client_secret": "demo", "refresh_token": "demo"},
        "meta": {"account": "100200300", "action": "Purchase", "hashed": "1", "access_token": "demo"},
        "microsoft": {"account": "4455", "action": "Sold lead", "state": "by_file"},
        "tiktok": {"account": "CDEMO", "action": "CompletePayment", "access_token": "demo"},
    }
)  # fmt: skip


def tags_of(name: str) -> dict[str, str]:
    """The tags of one lead, always the same for its name; none for two leads of ten."""
    number = int.from_bytes(sha256(name.encode()).digest()[:6], "big")
    if number % 10 >= _OF_TEN:
        return {}
    return {**_tags(number // 10, number), "visitor_id": f"visitor-{number:012x}"}


def visits_of(values: Mapping[str, str]) -> list[dict[str, str]]:
    """What whoever became this lead saw before, oldest first: none, one or two landings from other places."""
    visitor = values.get("visitor_id", "")
    number = int(visitor.rpartition("-")[2] or "0", 16)
    before = [_tags(number // 80 + step * 3, number + step) for step in range(1, 1 + number // 7 % 3)]
    page = {"page": values.get("landing_page_url", ""), "visitor": visitor}
    return [{**tags, **page} for tags in before] if visitor else []


def _tags(place: int, number: int) -> dict[str, str]:
    source, campaign, creative, click = _SOURCES[place % len(_SOURCES)]
    medium = "cpc" if click != "fbclid" else "paid_social"
    tags = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign, "utm_content": creative}
    return {**tags, click: f"demo-{number:012x}"}


async def set_media(market: Market, buyer_id: str) -> None:
    """Links, what media cost lately, and agents of a buyer who get its leads in turn."""
    for source, campaign, creative, _ in _SOURCES[::3]:
        link = {"name": f"{campaign}, {creative}", "source": source, "campaign": campaign, "creative": creative}
        await make_link(market, {**link, "target": "https://www.sunny-savings.example/start"}, SYSTEM)
    await bring_costs(market, _costs(market), "media.csv", "USD", SYSTEM)
    admin = Actor(Role.BUYER, "brightroof@demo.local", buyer_id)
    for email, states in zip(AGENTS, ("", "AZ, NV, CA"), strict=True):
        await invite_agent(market, email, "agent", Wanted(email.partition("@")[0].capitalize(), states=states), admin)
    rules = {"way": "push", "order": "specialist", "back_minutes": "30", "rounds": "1", "language_field": "language"}
    await set_rules(market, rules, admin)


async def place_accounts(market: Market, ports: Mapping[int, int], allowed: tuple[Network, ...]) -> None:
    """Accounts at the platform of this start: its port may be another one than before."""
    address = f"http://{HOST}:{ports.get(PORT, PORT)}"
    known = {each.platform: each for each in await market.db.read(ad_accounts)}
    for platform, given in _ACCOUNTS.items():
        before = known.get(platform)
        url = f"{address}/{platform}"
        if before is not None and before.terms.url == url:
            continue
        verticals = ", ".join(each for each in _VERTICALS.split(", ") if each in market.verticals)
        fields = {"platform": platform, "name": NAMES[platform], "verticals": verticals, **given}
        places = {"url": url, "token_url": f"{address}/token"}
        await keep_account(market, {**fields, **places}, SYSTEM, allowed, before.id if before is not None else "")


def _costs(market: Market) -> bytes:
    """Two weeks of every source, in dollars, the same for the same day."""
    today = datetime.fromtimestamp(market.clock.now() // 1000, UTC).date()
    lines = ["day,source,campaign,creative,cost,clicks"]
    for back in range(COST_DAYS):
        for place, (source, campaign, creative, _) in enumerate(_SOURCES):
            clicks = _COSTS[source] + (back * 7 + place * 5) % 11
            lines.append(
                f"{today - timedelta(days=back)},{source},{campaign},{creative},{clicks * 137 / 100:.2f},{clicks}"
            )
    return "\n".join(lines).encode()
