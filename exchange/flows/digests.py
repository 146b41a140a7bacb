"""What saved searches found, by mail: one digest for each person of the buyer, at most one an hour, with a way out.

A duty looks which searches have news and queues a job for each reader; the job writes what is still to be had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode, urlsplit

from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.jobs import DIGEST, job
from exchange.flows.links import UNSUBSCRIBE, Link, make_link
from exchange.flows.market import Market
from exchange.flows.notices import send_softly
from exchange.flows.shelf import wanted_in
from exchange.flows.store import browse, card_in, price_of
from exchange.model.wire import EmailMessage
from exchange.stages.store import Wanted, age
from exchange.storage.database import Row
from exchange.storage.searches import SEARCHES, Told, note_mailed, read_search, readers_of, with_news

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_YEAR_MS = 365 * _DAY_MS
_SHOWN = 10  # leads of one search
_COUNTED = 100


async def plan_digests(market: Market) -> int:
    """The duty. Returns how many buyers are mailed."""
    now = market.clock.now()
    rows = await market.db.read(with_news, now - _HOUR_MS, now - _DAY_MS)
    planned = 0
    for buyer_id, searches in groupby(rows, key=lambda row: str(row["buyer_id"])):
        told = [Told(row["id"], row["told_until"], row["found_at"]) for row in searches]
        readers = await market.db.read(readers_of, buyer_id, SEARCHES)
        jobs = [_job(market, buyer_id, reader.id, told, now) for reader in readers]
        planned += await market.db.write(note_mailed, told, now, jobs)
    return planned


def _job(market: Market, buyer_id: str, user_id: str, told: Sequence[Told], now: int) -> Any:
    payload: dict[str, object] = {"buyer": buyer_id, "user": user_id, "told": [list(each) for each in told], "at": now}
    return job(market, MAIL_QUEUE, DIGEST, payload, now, now, f"{DIGEST}:{user_id}:{now}")


async def mail_digest(market: Market, payload: Mapping[str, Any]) -> None:
    """The job: mail one reader what is still on the shelf. Raises `NotMailed` while the mail server is away."""
    readers = await market.db.read(readers_of, str(payload["buyer"]), SEARCHES)
    reader = next((each for each in readers if each.id == payload["user"]), None)
    if reader is None:  # gone, or unsubscribed since
        return
    found = []
    for each in payload["told"]:
        row = await market.db.read(read_search, each[0])
        leads = await _found(market, str(payload["buyer"]), row, Told(*each)) if row is not None else []
        if row is not None and leads:
            found.append((row, leads))
    if not found:
        return
    await send_softly(market, _message(market, reader.id, reader.email, found, int(payload["at"])))


async def _found(market: Market, buyer_id: str, search: Row, told: Told) -> list[Row]:
    """What fits and was listed since it was told last, the newest first."""
    rows, _ = await browse(market, buyer_id, wanted_in(search), (told.until + 1, ""), _COUNTED)
    since = told.since if told.since is not None else 0
    return [row for row in rows if row["listed_at"] > since]


def _message(
    market: Market, user_id: str, email: str, found: Sequence[tuple[Row, Sequence[Row]]], at: int
) -> EmailMessage:
    host = urlsplit(market.public_url).hostname or "localhost"
    total = sum(len(leads) for _, leads in found)
    count = f"{total} new leads" if total > 1 else "1 new lead"
    stop = make_link(market, Link(user_id, UNSUBSCRIBE, SEARCHES, at + _YEAR_MS))
    parts = [f"{count} in the store of {market.name}.\n"]
    parts += [_search(market, row, leads) for row, leads in found]
    parts.append(
        "Who claims a lead first holds it for two minutes.\n\n"
        f"How often you are mailed is set beside each search: {market.public_url}/buyer/store\n"
        f"No more of these mails: {stop}\n"
    )
    names = ", ".join(str(row["name"]) for row, _ in found[:3]) + (" …" if len(found) > 3 else "")
    return EmailMessage(
        f"{market.name} <exchange@{host}>",
        (email,),
        f"{market.name}: {count} for {names}",
        "\n".join(parts),
        f"<digest.{user_id}.{at}@{host}>",
        delivers=True,
        unsubscribe=stop,
    )


def _search(market: Market, search: Row, leads: Sequence[Row]) -> str:
    now = market.clock.now()
    lines = [f"{search['name']}: {len(leads)} new"]
    for row in leads[:_SHOWN]:
        card, price = card_in(row), price_of(row, now)
        place = f"{card.us_state or 'no state'}{f' {card.zip3}xx' if card.zip3 else ''}"
        grade = f", grade {card.grade}" if card.grade else ""
        kind = card.vertical.replace("_", " ").capitalize()
        passed = age(now - row["received_at"])
        lines.append(f"  {kind}, {place}{grade}: {price.text} {price.currency}, {passed} old")
        lines.append(f"  {market.public_url}/buyer/store/{row['lead_id']}")
    if len(leads) > _SHOWN:
        lines.append(f"  and {len(leads) - _SHOWN} more")
    lines.append(f"  All that fits: {market.public_url}/buyer/store{_query(wanted_in(search))}")
    return "\n".join(lines) + "\n"


def _query(wanted: Wanted) -> str:
    fields = {
        "vertical": wanted.vertical,
        "states": ",".join(wanted.states),
        "zip3": ",".join(wanted.zip3),
        "grades": ",".join(wanted.grades),
        "most": wanted.most,
    }
    return "?" + urlencode({name: value for name, value in fields.items() if value}) if any(fields.values()) else ""
