"""What may be wrong with the exchange itself: sales, margin, books, jobs, postbacks, backups, the machine."""

from __future__ import annotations

import asyncio
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import orjson

from exchange.clock import SimulatedClock
from exchange.flows.alarms.certificates import Ends, certificates_of, ends_of
from exchange.flows.alarms.look import DAY_MS, HOUR_MS, Look, buyer_name, seller_name
from exchange.flows.backups import failed_backup, last_backup
from exchange.flows.health import oldest_job_seconds
from exchange.model.actor import SYSTEM
from exchange.model.alert import Act, Found, Stake
from exchange.model.money import Money
from exchange.model.size import size_text
from exchange.stages.alert_words import counted, percent, span
from exchange.stages.alerts import ENDS_AT, fell, over
from exchange.stages.reasons import show_money
from exchange.storage.alert_figures import (
    engine_clock,
    failing_endpoints,
    first_lead_at,
    newest_lead_at,
)
from exchange.storage.database import Row
from exchange.storage.hours import Reach, lead_sums
from exchange.storage.ledger_views import last_check

_DAYS = 28
_DECIDED = ("sold", "unsold", "rejected", "duplicate", "invalid")
_REVENUE_LEAST_UNITS = 1_000_000  # 100.00: of less, one lead decides what the margin is


async def sold_rate(look: Look) -> AsyncIterator[Found]:
    """The last whole hour beside the same hour of four weeks."""
    if not look.on("sold_rate"):
        return
    this_hour = look.now - look.now % HOUR_MS
    hours: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in await _hours(look, this_hour - (_DAYS * 24 + 1) * HOUR_MS, this_hour):
        if row["state"] in _DECIDED:
            hours[row["hour"]][0] += row["leads"] if row["state"] == "sold" else 0
            hours[row["hour"]][1] += row["leads"]
    last = this_hour - HOUR_MS
    sold, leads = hours.get(last, [0, 0])
    earlier = [(s, n) for back in range(1, _DAYS + 1) for s, n in [hours.get(last - back * DAY_MS, [0, 0])] if n]
    drop = look.settings["sold_rate"].first
    usual = fell(sold, leads, earlier, drop, is_open="sold_rate:exchange" in look.open)
    if usual is None:
        return
    missing = round(usual * leads) - sold
    yield Found(
        "sold_rate",
        "exchange",
        f"Only {percent(sold, leads)} of leads were sold in the last hour",
        f"{sold:,} of {leads:,}; at this hour it is usually {usual * 100:.1f}%. "
        f"About {counted(missing, 'lead')} an hour stay unsold that usually would not.",
        "A buyer is paused, full, short of money or does not answer, or a source sends worse leads.",
        (Act("Unsold leads", "/console/leads?status=unsold&period=today"), Act("Dashboard", "/console")),
        Stake(leads=missing),
    )


async def margin(look: Look) -> AsyncIterator[Found]:
    """What stays of a day's revenue, by currency."""
    if not look.on("margin"):
        return
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in await _hours(look, look.now - DAY_MS, look.now):
        sums[row["currency"]][0] += row["revenue_units"]
        sums[row["currency"]][1] += row["payout_units"]
    target = look.settings["margin"].first
    for currency, (revenue, payout) in sorted(sums.items()):
        kept = revenue - payout
        wanted = target if f"margin:{currency}" not in look.open else target * (2 - ENDS_AT)
        if revenue < _REVENUE_LEAST_UNITS or 100 * kept >= wanted * revenue:
            continue
        short = Money(revenue * target // 100 - kept, currency)
        yield Found(
            "margin",
            currency,
            f"The margin is {percent(kept, revenue)}, under {target}%",
            f"{show_money(Money(kept, currency))} of {show_money(Money(revenue, currency))} stayed in 24 hours, "
            f"{show_money(short)} less than the target.",
            "Floors let leads go too cheaply, payouts are high, or prices fell.",
            (Act("Prices", "/console/quality/prices"), Act("Campaigns", "/console/campaigns")),
            Stake(max(short.units, 0) // 24, currency),
        )


async def _hours(look: Look, begin: int, end: int) -> list[Row]:
    """Live leads by hour, state and currency, as they are counted."""
    _, hours = await look.market.db.read(lead_sums, SYSTEM, Reach("live", begin, end))
    return hours


async def postbacks(look: Look) -> AsyncIterator[Found]:
    """Addresses of others that do not take what they asked to be told."""
    if not look.on("postback"):
        return
    minutes = look.settings["postback"].first
    for row in await look.market.db.read(failing_endpoints, look.now - minutes * 60_000):
        whose = _whose(look, row)
        host = urlsplit(row["url"]).hostname or ""
        yield Found(
            "postback",
            row["id"],
            f"The {row['kind']} {f'of {whose} ' if whose else ''}to {host} fails",
            f"{counted(row['waiting'], 'event')} wait for {span(look.now - row['failing_since'])}. Nothing is lost: "
            "each is tried again. After five days the address is disabled.",
            "Its server is down, or answers with an error.",
            (
                Act("What it answered", f"/console/webhooks?endpoint={row['id']}"),
                Act("All webhooks", "/console/webhooks"),
            ),
        )


def _whose(look: Look, row: Row) -> str:
    if row["role"] == "seller":
        return seller_name(look.market, row["party_id"])
    return buyer_name(look.market, row["party_id"]) if row["role"] == "buyer" else ""


async def jobs(look: Look) -> AsyncIterator[Found]:
    if not look.on("queue"):
        return
    waited = await oldest_job_seconds(look.market)
    least = look.settings["queue"].first * (ENDS_AT if "queue:jobs" in look.open else 1)
    if waited > least:
        yield Found(
            "queue",
            "jobs",
            f"Jobs wait for {span(waited * 1_000)}",
            "Deliveries, postbacks and mails go out late.",
            "The machine is busy, the disk is slow, or no process that works runs.",
            (Act("Deliveries", "/console/deliveries"), Act("Dashboard", "/console")),
        )


async def books(look: Look) -> AsyncIterator[Found]:
    check = await look.market.db.read(last_check) if look.on("ledger") else None
    if check is not None and not check.sound:
        yield Found(
            "ledger",
            "books",
            "The books are not sound",
            "Payouts are locked until they are.",
            check.flaws,
            (Act("Ledger", "/console/ledger"), Act("Payouts", "/console/payouts")),
        )


async def backups(look: Look) -> AsyncIterator[Found]:
    """PostgreSQL has tools of its own, which are whoever runs it to watch."""
    market, hours = look.market, look.settings["backup"].first
    if not look.on("backup") or not market.watched.ours_to_back_up:
        return
    if (failed := await failed_backup(market.db)) is not None:
        yield Found(
            "backup",
            "backup",
            "The last backup failed",
            f"It was tried {span(look.now - failed.at)} ago. A broken disk would lose what came since the one before.",
            str(orjson.loads(failed.after or "{}").get("why", "")),
            (Act("Dashboard", "/console"),),
            level=2,
        )
        return
    last, first_lead = await last_backup(market.db), await market.db.read(first_lead_at)
    since = last.at if last is not None else first_lead
    if since is None or look.now - since <= hours * HOUR_MS:
        return
    age = span(look.now - since)
    yield Found(
        "backup",
        "backup",
        f"The last backup is {age} old" if last is not None else "There is no backup",
        f"A broken disk would lose {age} of leads and bookings.",
        "No timer runs exchange backup --to FOLDER on this machine, or it fails.",
        (Act("Dashboard", "/console"),),
    )


async def disks(look: Look) -> AsyncIterator[Found]:
    if not look.on("disk"):
        return
    least = look.settings["disk"].first
    for folder in look.market.watched.disks:
        usage = await asyncio.to_thread(shutil.disk_usage, folder)
        if over(usage.total - usage.free, usage.total, 100 - least, is_open=False):
            yield Found(
                "disk",
                str(folder),
                f"{percent(usage.free, usage.total)} of the disk is free",
                f"{size_text(usage.free)} of {size_text(usage.total)} at {folder}. When it is full, leads are refused.",
                "The database, its files or something else grew.",
                (Act("Dashboard", "/console"),),
            )
            return


async def expiry(look: Look) -> AsyncIterator[Found]:
    if not look.on("expiry"):
        return
    market, days = look.market, look.settings["expiry"].first
    files = {name: each.document for name, each in market.workshop.files.items()}
    named = dict.fromkeys([*market.watched.certificates, *certificates_of({**files, **market.deals.shapes.documents})])
    for what, path in named:
        ends = await asyncio.to_thread(ends_of, what, path)
        if ends is not None and ends.at - look.now < days * DAY_MS:
            yield _ends(look, ends)


def _ends(look: Look, ends: Ends) -> Found:
    left = ends.at - look.now
    when = f"ends in {span(left)}" if left > 0 else f"ended {span(-left)} ago"
    return Found(
        "expiry",
        str(ends.path),
        f"The certificate of {ends.what} {when}",
        "Then connections with it are refused." if left > 0 else "Connections with it are refused.",
        f"{ends.path.name} was not renewed.",
        (Act("Connections", "/console/connectors"), Act("Dashboard", "/console")),
        level=1 if left > 0 else 2,
    )


async def clocks(look: Look) -> AsyncIterator[Found]:
    """This machine's clock beside the database server's, or beside the newest lead: none comes from the future."""
    if not look.on("clock") or isinstance(look.market.clock, SimulatedClock):
        return
    most, market = look.settings["clock"].first * 1_000, look.market
    theirs, now = await market.db.write(engine_clock), market.clock.now()
    newest = await market.db.read(newest_lead_at)
    off = now - theirs if theirs is not None else -max((newest or 0) - now, 0)
    if abs(off) >= most:
        yield Found(
            "clock",
            "clock",
            f"This machine's clock is {abs(off) / 1000:.1f} s {'ahead' if off > 0 else 'behind'}",
            "Caps, schedules and quiet hours begin and end at the wrong moment; signatures may be refused.",
            "It is not kept by a time service.",
            (Act("Dashboard", "/console"),),
        )
