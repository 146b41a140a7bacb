"""What the demo prints: where to look, what to try, and how a replayed stream went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exchange import __version__
from exchange.commands.demo import CURL
from exchange.flows.specs import page_url
from exchange.stages.respond import rfc3339

if TYPE_CHECKING:
    from exchange.demo.run import Running
    from exchange.demo.stream import StreamSummary

CAMPAIGN = "acme-solar"
PEOPLE = ("Open the console", "as a seller", "as a buyer")


async def links_of(running: Running) -> list[tuple[str, str]]:
    """A link for the operator, a seller and a buyer, each good once for 15 minutes."""
    from exchange.demo.founding import BUYER, OPERATOR, SELLER
    from exchange.flows.sign_in import make_login_link

    url = running.settings.public_url
    users = zip(PEOPLE, (OPERATOR, SELLER, BUYER), strict=True)
    return [(who, f"{url}/login/{await make_login_link(running.market, email)}") for who, email in users]


def banner(running: Running, links: list[tuple[str, str]], per_minute: float) -> tuple[dict[str, object], list[str]]:
    """As a document, and as lines."""
    folder, url = shown_path(running.wanted.folder), running.settings.public_url
    curl, page = _curl(running), _page(running)
    data = "" if running.wanted.folder == _usual() else f" --data {folder}"
    lines = ["", f"  {running.settings.name:<58} exchange {__version__}, SQLite", ""]
    lines += [f"  {who:<20} {link}" for who, link in links]
    lines += [f"  {'':<20} each link works once, for 15 minutes; new ones:"]
    lines += [f"  {'':<20} exchange --data {folder} user login-link operator@demo.local", ""]
    lines += [f"  {'Posting page':<20} {page}", ""] if page else []
    if curl:
        lines += [f"  Send a test ping     curl {url}/api/v1/ping \\"]
        pairs = [f"-d {name}={value}" for name, value in curl]
        lines += [f"  {'':<20}   {' '.join(pairs[:4])} \\", f"  {'':<20}   {' '.join(pairs[4:])}", ""]
    if "solar" in running.market.deals.shapes.forms and running.wanted.stream is None:
        lines += [f"  A form               {url}/f/solar", ""]
    lines += [
        f"  Live traffic         {_traffic(running, per_minute)} Nothing leaves this machine.",
        f"  Data                 {folder}  (exchange demo --reset{data} deletes it)",
        "  Your own exchange    exchange init",
        "",
    ]
    document: dict[str, object] = {
        "name": running.settings.name,
        "url": url,
        "sign_in": {who: link for (_, link), who in zip(links, ("operator", "seller", "buyer"), strict=True)},
        "ping": dict(curl),
        "posting_page": page,
        "data": str(running.wanted.folder),
    }
    return document, lines


def _curl(running: Running) -> list[tuple[str, str]]:
    """The fields of a ping that works; none where the market is a stream's."""
    secret = running.secrets.get(f"campaign:{CAMPAIGN}:test")
    return [("campaign_key", secret), *CURL] if secret is not None else []


def _page(running: Running) -> str:
    """The posting page of the campaign that the line above it posts into; empty where there is none."""
    return page_url(running.market, CAMPAIGN) if CAMPAIGN in running.market.deals.campaigns else ""


def _traffic(running: Running, per_minute: float) -> str:
    if running.wanted.stream is not None:
        return f"{running.wanted.stream.name}, from first to last on its own clock."
    if running.wanted.frozen:
        return "none: the clock stands at Fri 20 Nov 2026, 14:32:00 EST."
    return f"about {per_minute:g} leads a minute." if per_minute else "none."


def _usual() -> Path:
    from exchange.commands.demo import default_folder

    return default_folder("demo")


def shown_path(path: Path) -> str:
    """With ~ for the home folder."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def summary_of(summary: StreamSummary, seconds: float) -> tuple[dict[str, object], list[str]]:
    """How a replay went: every answer, what was expected, and what buyers said afterwards."""
    statuses = dict(summary.statuses.most_common())
    sold, unsold = statuses.get("accepted", 0), statuses.get("unsold", 0)
    rejected = summary.rows - sold - unsold
    judged = {f"{expected or 'unknown'}: {got}": count for (expected, got), count in summary.judged.most_common()}
    told = dict(summary.dispositions)
    document: dict[str, object] = {
        "rows": summary.rows,
        "from": rfc3339(summary.first_at),
        "to": rfc3339(summary.last_at),
        "seconds": round(seconds, 1),
        "sold": sold,
        "unsold": unsold,
        "rejected": rejected,
        "statuses": statuses,
        "reasons": dict(summary.reasons.most_common()),
        "expected_and_got": judged,
        "dispositions": told,
    }
    lines = [
        f"  {summary.rows:,} leads from {rfc3339(summary.first_at)} to {rfc3339(summary.last_at)} in {seconds:.1f} s",
        f"  Sold {sold:,}   Unsold {unsold:,}   Rejected {rejected:,}   Dispositions {told.get('recorded', 0):,}",
        f"  Answers      {_listed(statuses)}",
    ]
    if summary.reasons:
        lines.append(f"  Reasons      {_listed(dict(summary.reasons.most_common(8)))}")
    if judged:
        lines.append(f"  Expected     {_listed(judged)} (expected: answered)")
        lines.append(f"  Buyers said  {_listed(told)}")
    return document, lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items())
